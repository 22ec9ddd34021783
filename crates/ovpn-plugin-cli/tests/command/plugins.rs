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
    run(&["check", "/lib/x86_64-linux-gnu/libpam.so.0"]).expect(1, &[("why", "no OpenVPN plugin")]);
    run(&["check", "/nonexistent/plugin.so"]).expect(1, &[("open", "No such file"), ("to do", "ldd")]);
    run(&["check", "/bin/true"]).expect(1, &[("why", "a program")]);
    run(&["check", "/etc/passwd"]).expect(1, &[("why", "no shared library")]);
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
        .expect(0, &[("reply", "success"), ("client", "is let in"), ("result", "accepted")]);
    mistakes.login(&[], &["refuse"]).expect(1, &[("reply", "error"), ("why", "did not say why")]);
    let asked = mistakes.login(&[], &["ask"]);
    asked.expect(
        0,
        &[("pending", "by crtext, and has 60 s: CR_TEXT:R,E:Code?"), ("verdict", "accepted after")],
    );
}

#[test]
fn a_plugin_that_does_not_decide() {
    let mistakes = Mistakes::new();
    mistakes.login(&[], &["crash"]).expect(3, &[("result", "was killed by SIGSEGV")]);
    // With the status of success: no verdict all the same.
    mistakes.login(&[], &["exit"]).expect(3, &[("result", "ended with exit status 0")]);
    mistakes
        .login(&["-t", "1"], &["hang"])
        .expect(3, &[("result", "not decided"), ("why", "did not return")]);
    let never = mistakes.login(&["-t", "1"], &["defer-for-ever"]);
    never.expect(3, &[("reply", "deferred"), ("verdict", "none within"), ("why", "control file")]);
    mistakes.login(&[], &["no-logins"]).expect(3, &[("open", "does not ask it about logins")]);
    mistakes
        .login(&["-t", "3"], &["hang-at-close"])
        .expect(0, &[("result", "accepted"), ("note", "did not come to an end")]);
    mistakes.login(&[], &["crash-at-open"]).expect(3, &[("result", "was killed by SIGABRT")]);
}

#[test]
fn processes_left_behind_are_told_and_ended() {
    let mistakes = Mistakes::new();
    let left = mistakes.login(&[], &["leave-a-process"]);
    left.expect(0, &[("note", "left processes behind"), ("note", "ovpn-plugin")]);
    let file = mistakes.file();
    let mine = |process: &proc_table::Process| process.title.contains(file.to_str().unwrap());
    assert!(!proc_table::all().iter().any(mine), "one is still there");
}

#[test]
fn passwords_are_not_shown_and_nothing_reaches_the_terminal_raw() {
    let mistakes = Mistakes::new();
    let told = mistakes.login(&[], &["tell"]);
    told.expect(0, &[("log", "password '[password]'"), ("note", "gives the password away")]);
    assert!(!told.out.contains("secret99"), "{told}");
    let told = mistakes.login(&["--response", "123456"], &["tell"]);
    assert!(told.says("log", "password 'SCRV1:[password]:[password]'"), "{told}");
    let shouted = mistakes.login(&[], &["shout"]);
    shouted
        .expect(1, &[("printed", r"\x1b[2Jprinted"), ("log", r"\x1b[31mlogged\r"), ("client", r"no\x1b[2J")]);
    assert!(!shouted.out.contains(['\x1b', '\r']), "{shouted}");
}

#[test]
fn what_a_login_comes_with() {
    let mistakes = Mistakes::new();
    let told = mistakes.login(&["-a", "2001:db8::7", "-c", "laptop", "-e", "opt=a=b"], &["tell"]);
    told.expect(0, &[("log", "from (null) 2001:db8::7, name laptop, a=b")]);
    let old = mistakes.login(&["-e", "IV_PROTO=2"], &["tell"]);
    old.expect(0, &[("log", "IV_PROTO 2")]);
    // The command holds signals back, the plugin does not.
    mistakes.login(&[], &["signals"]).expect(0, &[("log", "SigBlk:\\t0000000000000000")]);
    let file = mistakes.file();
    let words = run(&["check", "-e", "opt=1", file.to_str().unwrap(), "words \"two words\" -x"]);
    words.expect(0, &[("log", "word 2: two words"), ("log", "word 3: -x"), ("log", "a variable: 1")]);
    let many: Vec<_> = ["check", file.to_str().unwrap(), "words"].into_iter().chain(["w"; 15]).collect();
    let many = run(&many);
    many.expect(0, &[("note", "drops the last 2 words"), ("log", "word 14: w")]);
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
    let client = run(&["events", "--client", file]);
    client.expect(0, &[("event", "IPCHANGE: success")]);
    assert!(!client.out.contains("AUTH_USER_PASS_VERIFY:"), "{client}");
}

#[test]
fn mistakes_on_the_command_line() {
    let big = "x".repeat(20_000);
    for (input, line, said) in [
        ("", "logon x.so", "there is no command"),
        ("", "login", "the plugin's file is missing"),
        ("", "login --pasword-file x.so", "--pasword-file"),
        ("", "login -u joe -p /nonexistent/password /x.so", "cannot read the password"),
        (big.as_str(), "login -u joe -p - /x.so", "more than 16384 bytes"),
        ("", "check nowhere-to-be-found.so", "there is no plugin"),
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
    for words in [&["--help"][..], &["-h"], &["help"], &["login", "--help"]] {
        let help = run(words);
        assert_eq!(help.status, Some(0));
        for word in ["Usage:", "--password-file FILE", "Exit status:", "login", "check", "events"] {
            assert!(help.out.contains(word), "{word}: {help}");
        }
        assert!(help.out.lines().all(|line| line.len() <= 128), "{help}");
    }
    let version = run(&["--version"]);
    assert_eq!(version.out, format!("ovpn-plugin {}\n", env!("CARGO_PKG_VERSION")));
}
