//! Plugins that do well, fail, crash, hang and talk too much; and mistakes on the command line.

use harness::scratch::Scratch;
use harness::{plugin, proc_table};

use crate::run::{Mistakes, run, run_with};

#[test]
fn check_tells_what_a_plugin_exports_and_wants() {
    let ours = plugin::auth_pam();
    let checked = run(&["check", ours.to_str().unwrap(), "login"]);
    checked.expect(0, &[
        ("exports", "openvpn_plugin_open_v3 openvpn_plugin_func_v3 openvpn_plugin_close_v1 openvpn_plugin_abort_v1"),
        ("needs", "any version"),
        ("starts", "before OpenVPN becomes a daemon"),
        ("log", "AUTH-PAM: initialization succeeded: PAM service 'login'"),
        ("open", "the plugin wants AUTH_USER_PASS_VERIFY"),
        ("result", "OpenVPN would start"),
    ]);
    // In OpenVPN's own directory, as a plugin line names it.
    run(&["check", "openvpn-plugin-auth-pam.so", "login"])
        .expect(0, &[("exports", "openvpn_plugin_func_v1")]);
}

#[test]
fn check_tells_what_the_options_of_a_line_mean() {
    let ours = plugin::auth_pam();
    let ours = ours.to_str().unwrap();
    run(&["check", ours, "deferred=yes grace=20 login"]).expect(
        0,
        &[
            ("option", "deferred=yes: whether OpenVPN goes on while PAM decides (default: no, unless"),
            ("option", "grace=20: how long OpenVPN waits for a quick verdict"),
            ("result", "OpenVPN would start"),
        ],
    );
    run(&["check", ours, "grace=soon login"]).expect(
        1,
        &[
            ("log", "option 'grace=soon': must be a number from 0 to 10000 milliseconds"),
            ("why", "The option grace=MS (how long OpenVPN waits for a quick verdict"),
            ("to do", "leave the option out: the default is"),
        ],
    );
    // OpenVPN's own plugin has none.
    assert!(!run(&["check", "openvpn-plugin-auth-pam.so", "login"]).out.contains("option "));
}

#[test]
fn check_tells_why_openvpn_would_not_start() {
    let ours = plugin::auth_pam();
    let ours = ours.to_str().unwrap();
    let refused = run(&["check", ours, "max-worker=3 login"]);
    refused.expect(
        1,
        &[
            ("log", "error: AUTH-PAM: unknown option 'max-worker=3'"),
            ("open", "refused to start"),
            ("result", "OpenVPN would not start"),
            ("why", "looks like an option"),
        ],
    );
    let place = Scratch::of_root();
    let file = place.write("auth-pam.conf", "# who\nlogin\nmax-worker=3\n", 0o600);
    let (options, refused) = (format!("options={}", file.display()), format!("{}:3: ", file.display()));
    let refused =
        format!("error: AUTH-PAM: {refused}unknown option 'max-worker=3'; did you mean max-workers=N?");
    run(&["check", ours, &options]).expect(1, &[("log", &refused), ("result", "OpenVPN would not start")]);
    place.write("auth-pam.conf", "# who\nlogin\nmax-workers=3\n", 0o600);
    run(&["check", ours, &options]).expect(
        0,
        &[
            ("log", "AUTH-PAM: initialization succeeded: PAM service 'login'"),
            ("result", "OpenVPN would start"),
        ],
    );
    run(&["check", "/lib/x86_64-linux-gnu/libpam.so.0"]).expect(1, &[("why", "not a plugin of OpenVPN")]);
    run(&["check", "/nonexistent/plugin.so"]).expect(1, &[("open", "No such file"), ("to do", "ldd")]);
    run(&["check", "/bin/true"]).expect(1, &[("why", "a program")]);
    run(&["check", "/etc/passwd"]).expect(1, &[("why", "not a shared library")]);
    let mistakes = Mistakes::new();
    let mistakes = mistakes.file();
    let mistakes = mistakes.to_str().unwrap();
    run(&["check", mistakes, "crash-at-open"]).expect(1, &[("result", "was killed by SIGABRT")]);
    run(&["check", mistakes, "exit-at-open"]).expect(1, &[("result", "ended with exit status 0")]);
    run(&["check", "-t", "3", mistakes, "hang-at-close"]).expect(3, &[("why", "when it was closed")]);
}

#[test]
fn a_login_that_is_accepted_or_refused() {
    let mistakes = Mistakes::new();
    mistakes
        .login(&[], &[])
        .expect(0, &[("reply", "success"), ("client", "gets in"), ("result", "accepted")]);
    mistakes.login(&[], &["refuse"]).expect(1, &[("reply", "error"), ("why", "did not say why")]);
    let asked = mistakes.login(&[], &["ask"]);
    asked.expect(
        0,
        &[("pending", "by crtext, and has 60 s to answer: CR_TEXT:R,E:Code?"), ("verdict", "accepted after")],
    );
}

#[test]
fn a_plugin_that_does_not_decide() {
    let mistakes = Mistakes::new();
    // Where OpenVPN has other memory, it may go on.
    let crashed = mistakes.login(&[], &["crash"]);
    crashed.expect(
        3,
        &[("result", "was killed by SIGSEGV"), ("why", "might crash, or go on with damaged data")],
    );
    // With the status of success: no verdict all the same.
    let exited = mistakes.login(&[], &["exit"]);
    exited.expect(3, &[("result", "ended with exit status 0"), ("why", "would end with it")]);
    mistakes
        .login(&["-t", "1"], &["hang"])
        .expect(3, &[("result", "not decided"), ("why", "did not return")]);
    let never = mistakes.login(&["-t", "1"], &["defer-for-ever"]);
    never.expect(3, &[("reply", "deferred"), ("verdict", "none within"), ("why", "control file")]);
    mistakes.login(&[], &["no-logins"]).expect(3, &[("open", "never asks it about logins")]);
    mistakes
        .login(&["-t", "3"], &["hang-at-close"])
        .expect(0, &[("result", "accepted"), ("warning", "did not end")]);
    mistakes.login(&[], &["crash-at-open"]).expect(3, &[("result", "was killed by SIGABRT")]);
}

#[test]
fn processes_left_behind_are_told_and_ended() {
    let mistakes = Mistakes::new();
    let left = mistakes.login(&[], &["leave-a-process"]);
    left.expect(0, &[("warning", "left processes running"), ("warning", "ovpn-plugin")]);
    let file = mistakes.file();
    let mine = |process: &proc_table::Process| process.title.contains(file.to_str().unwrap());
    assert!(!proc_table::all().iter().any(mine), "one is still there");
}

#[test]
fn passwords_are_not_shown_and_nothing_reaches_the_terminal_raw() {
    let mistakes = Mistakes::new();
    let shown = mistakes.login(&[], &["tell"]);
    shown.expect(0, &[("log", "password '[password]'"), ("warning", "gives the password away")]);
    assert!(!shown.out.contains("secret99"), "{shown}");
    let shown = mistakes.login(&["--response", "123456"], &["tell"]);
    assert!(shown.says("log", "password 'SCRV1:[password]:[password]'"), "{shown}");
    let shouted = mistakes.login(&[], &["shout"]);
    shouted
        .expect(1, &[("printed", r"\x1b[2Jprinted"), ("log", r"\x1b[31mlogged\r"), ("client", r"no\x1b[2J")]);
    assert!(!shouted.out.contains(['\x1b', '\r']), "{shouted}");
}

#[test]
fn what_a_login_comes_with() {
    let mistakes = Mistakes::new();
    let shown = mistakes.login(&["-a", "2001:db8::7", "-c", "laptop", "-e", "opt=a=b"], &["tell"]);
    shown.expect(0, &[("log", "from (null) 2001:db8::7, name laptop, a=b")]);
    let old = mistakes.login(&["-e", "IV_PROTO=2"], &["tell"]);
    old.expect(0, &[("log", "IV_PROTO 2")]);
    // The command holds signals back, the plugin does not.
    mistakes.login(&[], &["signals"]).expect(0, &[("log", "SigBlk:\\t0000000000000000")]);
    let file = mistakes.file();
    let words = run(&["check", "-e", "opt=1", file.to_str().unwrap(), "words \"two words\" -x"]);
    words.expect(0, &[("log", "word 2: two words"), ("log", "word 3: -x"), ("log", "a variable: 1")]);
    let many: Vec<_> = ["check", file.to_str().unwrap(), "words"].into_iter().chain(["w"; 15]).collect();
    let many = run(&many);
    many.expect(0, &[("warning", "drops the last 2 words"), ("log", "word 14: w")]);
    assert!(!many.out.contains("word 15"), "{many}");
}

#[test]
fn events_come_in_openvpns_order() {
    let mistakes = Mistakes::new();
    let file = mistakes.file();
    let file = file.to_str().unwrap();
    let seen = run(&["events", file]);
    seen.expect(0, &[("result", "the client got in")]);
    let events: Vec<_> =
        seen.out.lines().filter_map(|line| line.strip_prefix("event")?.trim().split(':').next()).collect();
    assert_eq!(
        events,
        [
            "UP",
            "ROUTE_UP",
            "TLS_VERIFY",
            "TLS_VERIFY",
            "AUTH_USER_PASS_VERIFY",
            "TLS_FINAL",
            "IPCHANGE",
            "CLIENT_CONNECT",
            "CLIENT_CONNECT_V2",
            "LEARN_ADDRESS",
            "CLIENT_DISCONNECT",
            "LEARN_ADDRESS",
            "ROUTE_PREDOWN",
            "DOWN"
        ]
    );
    run(&["events", file, "refuse"])
        .expect(1, &[("event", "AUTH_USER_PASS_VERIFY: error"), ("event", "DOWN: success")]);
    run(&["events", "-e", "opt=1", file]).expect(0, &[("log", "at UP: 1")]);
    // What shows the fault only after the client got in.
    for (event, name, then) in [
        ("1", "DOWN", "OpenVPN ends"),
        ("7", "CLIENT_DISCONNECT", "goes on"),
        ("8", "LEARN_ADDRESS", "go nowhere"),
    ] {
        let failed = run(&["events", "-e", &format!("event={event}"), file, "fail-at"]);
        let (line, why) = (format!("{name}: error"), format!("The plugin failed at {name}."));
        failed.expect(
            1,
            &[("event", &line), ("result", "got in, but the plugin failed"), ("why", &why), ("why", then)],
        );
    }
    run(&["events", "-e", "event=6", file, "fail-at"]).expect(
        1,
        &[
            ("event", "CLIENT_DISCONNECT: success"),
            ("result", "did not get in"),
            ("why", "failed at CLIENT_CONNECT. OpenVPN refuses the client"),
        ],
    );
    let client = run(&["events", "--client", file]);
    client.expect(0, &[("event", "IPCHANGE: success")]);
    assert!(!client.out.contains("AUTH_USER_PASS_VERIFY:"), "{client}");
}

/// In all events, not in the login alone.
#[test]
fn the_clients_name_and_address_are_those_of_the_options() {
    let mistakes = Mistakes::new();
    let file = mistakes.file();
    let file = file.to_str().unwrap();
    let seen = run(&["events", "-c", "laptop", "-a", "2001:db8::7", file, "clients"]);
    // TLS_VERIFY, IPCHANGE, CLIENT_CONNECT, LEARN_ADDRESS, CLIENT_DISCONNECT.
    seen.expect(
        0,
        &[
            ("log", "event 4: X509_0_CN=laptop"),
            ("log", "event 4: untrusted_ip6=2001:db8::7"),
            ("log", "event 4: word CN=laptop"),
            ("log", "event 3: word [AF_INET6]2001:db8::7 40000"),
            ("log", "event 6: common_name=laptop"),
            ("log", "event 6: trusted_ip6=2001:db8::7"),
            ("log", "event 6: trusted_ip=(none)"),
            ("log", "event 8: word laptop"),
            ("log", "event 7: common_name=laptop"),
        ],
    );
    assert!(!seen.out.contains("192.0.2.7") && !seen.out.contains("=client"), "{seen}");
    let seen = run(&["events", "-a", "198.51.100.9", file, "clients"]);
    seen.expect(0, &[("log", "event 6: common_name=client"), ("log", "event 6: trusted_ip=198.51.100.9")]);
}

/// An ordinary word as the password: the command's own words stay, and nobody is accused.
#[test]
fn a_password_that_is_an_ordinary_word() {
    let mistakes = Mistakes::new();
    let file = mistakes.file();
    let line = ["login", "-u", "joe", "-p", "-", file.to_str().unwrap()];
    let refused = run_with("password\n", &[&line[..], &["speak-of-passwords"]].concat());
    refused.expect(1, &[("log", "prompt '[password]: ' answered"), ("client", "your [password] is wrong")]);
    refused.expect(1, &[("warning", "may be chance")]);
    assert!(!refused.out.contains("gives the password away,"), "{refused}");
    let refused = run_with("rejected\n", &[&line[..], &["refuse"]].concat());
    refused.expect(1, &[("result", "rejected")]);
    assert!(!refused.says("warning", ""), "{refused}");
}

#[test]
fn warnings_say_why_and_what_to_do_and_count_if_asked() {
    let mistakes = Mistakes::new();
    let warned = mistakes.login(&[], &["warn"]);
    warned.expect(0, &[("log", "warning: MISTAKES: one thing"), ("result", "accepted")]);
    warned.expect(0, &[("warning", "one thing is wrong"), ("to do", "correct it")]);
    mistakes.login(&["--strict"], &["warn"]).expect(1, &[("result", "accepted, but there are warnings")]);
    mistakes.login(&["--strict"], &[]).expect(0, &[("result", "accepted")]);
}

/// Wherever it was looked for.
#[test]
fn a_plugin_that_is_not_there() {
    for name in ["nowhere-to-be-found.so", "/nonexistent/nowhere-to-be-found.so", "./nowhere-to-be-found.so"]
    {
        run(&["check", name]).expect(1, &[("open", "No such file"), ("why", "is missing")]);
        run(&["login", "-u", "joe", "-p", "/dev/null", name]).expect(3, &[("why", "is missing")]);
        run(&["events", name]).expect(3, &[("why", "is missing")]);
    }
    run(&["check", "nowhere-to-be-found.so"]).expect(1, &[("note", "there is no plugin")]);
    // Neither where other distributions have plugins nor here: OpenVPN would not start.
    let elsewhere = std::path::Path::new("/usr/local/lib/openvpn/plugins");
    let made = !elsewhere.exists();
    std::fs::create_dir_all(elsewhere).unwrap();
    let name = format!("{}.so", harness::scratch::unique_name());
    std::fs::copy(plugin::auth_pam(), elsewhere.join(&name)).unwrap();
    let there = run(&["check", &name, "login"]);
    std::fs::remove_file(elsewhere.join(&name)).unwrap();
    if made {
        let _ = std::fs::remove_dir(elsewhere);
    }
    let path = elsewhere.join(&name).display().to_string();
    there.expect(1, &[("note", &path), ("open", "No such file"), ("result", "OpenVPN would not start")]);
}

#[test]
fn mistakes_on_the_command_line() {
    let big = "x".repeat(20_000);
    for (input, line, said) in [
        ("", "logon x.so", "unrecognized subcommand 'logon'"),
        ("", "login", "the plugin's file is missing"),
        ("", "login --user", "a value is required for '--user <NAME>'"),
        ("", "login /x.so login --user joe", "--user stands after PLUGIN"),
        ("", "login --pasword-file x.so", "--pasword-file"),
        ("", "login -u joe -p /nonexistent/password /x.so", "cannot read the password"),
        (big.as_str(), "login -u joe -p - /x.so", "more than 16384 bytes"),
        ("", "check /x.so \"", "the closing quote (\") is missing"),
    ] {
        let run = run_with(input, &line.split(' ').collect::<Vec<_>>());
        assert_eq!(run.status, Some(2), "{line}: {run}");
        assert!(run.err.starts_with("ovpn-plugin: ") && run.err.contains(said), "{line}: {run}");
        assert!(run.out.is_empty() && run.err.lines().count() == 1, "{line}: {run}");
    }
}

#[test]
fn help_and_version() {
    for words in [&["--help"][..], &["-h"], &["help"]] {
        let help = run(words);
        assert_eq!(help.status, Some(0));
        for word in ["Usage:", "Exit status:", "login", "check", "events"] {
            assert!(help.out.contains(word), "{word}: {help}");
        }
    }
    for words in [&["login", "--help"][..], &["help", "login"], &["login", "-h"]] {
        let help = run(words);
        assert_eq!(help.status, Some(0));
        for word in
            ["Usage: ovpn-plugin login", "--password-file <FILE>", "--strict", "options before PLUGIN"]
        {
            assert!(help.out.contains(word), "{word}: {help}");
        }
        // Without a terminal, as wide as can be read with ease, and without colour.
        assert!(help.out.lines().all(|line| line.len() <= 100 && !line.contains('\x1b')), "{help}");
    }
    let version = run(&["--version"]);
    assert_eq!(version.out, format!("ovpn-plugin {}\n", env!("CARGO_PKG_VERSION")));
}
