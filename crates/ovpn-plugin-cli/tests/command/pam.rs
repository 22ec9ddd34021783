//! Logins through PAM that fail for each of the usual reasons, with the plugin of this workspace and the C one.

use harness::scratch::{Scratch, unique_name};
use harness::{Account, EtcPamService, PamDir, TestModule, plugin, proc_table};

use crate::run::{Run, run_with};

/// Asks pam_unix, and does not wait after a failure.
const UNIX: &str = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n";

/// A login through the C plugin; the service is in /etc/pam.d.
fn c_login(options: &[&str], user: &str, password: &str, words: &[&str]) -> Run {
    let file = plugin::c_auth_pam();
    login(file.to_str().unwrap(), options, user, password, words)
}

/// A login through ours, with a service of its own.
fn our_login(options: &[&str], user: &str, password: &str, stack: &str, words: &[&str]) -> Run {
    let services = PamDir::new();
    services.service("login", stack);
    let directory = format!("pam-confdir={}", services.path().display());
    let mut all = vec![directory.as_str(), "login"];
    all.extend(words);
    login(plugin::auth_pam().to_str().unwrap(), options, user, password, &all)
}

fn login(file: &str, options: &[&str], user: &str, password: &str, words: &[&str]) -> Run {
    let mut line = vec!["login", "--user", user, "--password-file", "-"];
    line.extend(options);
    line.push(file);
    line.extend(words);
    let run = run_with(&format!("{password}\n"), &line);
    assert!(!run.out.contains(password) && !run.err.contains(password), "{run}");
    run
}

#[test]
fn right_and_wrong_passwords() {
    let account = Account::new("right-password");
    let service = EtcPamService::new(UNIX);
    let accepted = [("client", "gets in"), ("result", "accepted")];
    our_login(&[], account.name(), "right-password", UNIX, &[]).expect(0, &accepted);
    our_login(&["--deferred"], account.name(), "right-password", UNIX, &[]).expect(0, &accepted);
    c_login(&[], account.name(), "right-password", &[service.name()]).expect(0, &accepted);
    c_login(&["--deferred"], account.name(), "right-password", &[service.name()])
        .expect(0, &[("reply", "deferred"), ("verdict", "accepted"), ("result", "accepted")]);
    let rejected = [
        ("log", "failed to authenticate: Authentication failure"),
        ("reply", "error after"),
        ("client", "without a reason"),
        ("result", "rejected"),
        ("why", "the password is wrong"),
    ];
    let ours = our_login(&[], account.name(), "wrong-password", UNIX, &[]);
    ours.expect(1, &rejected);
    assert!(!ours.out.contains("no account"), "{ours}");
    c_login(&[], account.name(), "wrong-password", &[service.name()]).expect(1, &rejected);
}

#[test]
fn accounts_that_are_not_there_locked_or_expired() {
    let nobody = unique_name();
    let unknown = our_login(&[], &nobody, "any-password", UNIX, &[]);
    unknown.expect(1, &[("why", &format!("no account '{nobody}'"))]);
    let expired = Account::expired("right-password");
    our_login(&[], expired.name(), "right-password", UNIX, &[])
        .expect(1, &[("why", "has expired"), ("to do", "chage")]);
    let locked = Account::new("right-password");
    harness::command::run("usermod", &["--lock", locked.name()]);
    our_login(&[], locked.name(), "right-password", UNIX, &[])
        .expect(1, &[("why", "it is locked"), ("to do", "passwd -u")]);
}

#[test]
fn a_service_that_is_missing() {
    let missing = unique_name();
    let words = [("why", "The PAM service file"), ("to do", "correct the service name")];
    let ours = login(plugin::auth_pam().to_str().unwrap(), &[], "nobody", "any-password", &[&missing]);
    ours.expect(1, &words);
    assert_eq!(ours.out.matches("correct the service name").count(), 1, "said once: {ours}");
    // The C plugin does not say so itself.
    let theirs = c_login(&[], "nobody", "any-password", &[&missing]);
    theirs.expect(1, &[("why", &format!("PAM service file /etc/pam.d/{missing} is missing"))]);
}

/// What PAM stumbles over is said by `check` before anybody logs in, and by `login` instead of what its code may mean.
#[test]
fn services_with_mistakes() {
    let module = TestModule::shared();
    let good = module.stack(&["auth/code=PAM_SUCCESS", "account/code=PAM_SUCCESS"]);
    let services = PamDir::new();
    let directory = format!("pam-confdir={}", services.path().display());
    let ours = plugin::auth_pam();
    let check = |options: &[&str]| {
        let mut line = vec!["check"];
        line.extend(options);
        line.extend([ours.to_str().unwrap(), &directory, "vpn"]);
        run_with("", &line)
    };
    services.service("vpn", &good);
    let clean = check(&["--strict"]);
    clean.expect(0, &[("result", "OpenVPN would start")]);
    assert!(!clean.says("warning", ""), "{clean}");
    for (mistake, why) in [
        ("auth requird pam_permit.so", "has 'requird' as its control word"),
        ("acount required pam_permit.so", "begins with 'acount'"),
        ("auth include nosuch", "includes 'nosuch', which is missing"),
        ("auth required pam_nosuch.so", "names the module pam_nosuch.so, which is missing"),
    ] {
        services.service("vpn", &format!("{good}\n{mistake}\n"));
        check(&[]).expect(0, &[("warning", why), ("result", "OpenVPN would start")]);
        check(&["--strict"]).expect(1, &[("result", "but there are warnings"), ("warning", why)]);
        let line = ["login", "-u", "joe", "-p", "-", ours.to_str().unwrap(), &directory, "vpn"];
        let refused = run_with("any-password\n", &line);
        refused.expect(1, &[("result", "rejected"), ("why", why)]);
        assert_eq!(refused.out.lines().filter(|line| line.starts_with("why ")).count(), 1, "{refused}");
    }
    services.service("vpn", "auth required pam_permit.so\n");
    check(&["--strict"]).expect(1, &[("warning", "has no account lines")]);
    // The C plugin says nothing of all this.
    let service = EtcPamService::new(&format!("{good}\nauth requird pam_permit.so\n"));
    let theirs = plugin::c_auth_pam();
    run_with("", &["check", "--strict", theirs.to_str().unwrap(), service.name()])
        .expect(1, &[("warning", "has 'requird' as its control word")]);
    c_login(&[], "joe", "any-password", &[service.name()]).expect(1, &[("why", "'requird'")]);
}

/// The code is that of a wrong password. The plugin passes the module's words on, and the tally shows it too.
#[test]
fn a_user_that_faillock_has_locked() {
    let account = Account::new("right-password");
    let tallies = Scratch::of_root();
    let settings = format!("dir={} deny=2", tallies.path().display());
    let stack = format!(
        "auth required pam_faillock.so preauth {settings}\n\
         auth [success=1 default=bad] pam_unix.so nodelay\n\
         auth [default=die] pam_faillock.so authfail {settings}\n\
         auth sufficient pam_faillock.so authsucc {settings}\n\
         account required pam_unix.so\n"
    );
    let wrong = our_login(&[], account.name(), "wrong-password", &stack, &[]);
    wrong.expect(1, &[("why", "the password is wrong")]);
    our_login(&[], account.name(), "wrong-password", &stack, &[]).expect(1, &[]);
    let locked = our_login(&[], account.name(), "right-password", &stack, &[]);
    locked.expect(
        1,
        &[
            ("log", "failed to authenticate: Authentication failure; PAM says: The account is locked due to 2 failed logins."),
            ("why", "pam_faillock has locked"),
            ("to do", &format!("--dir {}", tallies.path().display())),
        ],
    );
    assert!(!locked.out.contains("the password is wrong"), "{locked}");
    let service = EtcPamService::new(&stack);
    let theirs = c_login(&[], account.name(), "right-password", &[service.name()]);
    theirs.expect(1, &[("why", "pam_faillock has locked")]);
    assert!(!theirs.out.contains("the password is wrong"), "{theirs}");
}

#[test]
fn prompts_without_an_answer_and_with_a_response() {
    let module = TestModule::shared();
    let stack = module.stack(&["auth/ask=Realm: "]);
    let unanswered = our_login(&[], "joe", "any-password", &stack, &["login", "USERNAME"]);
    unanswered.expect(1, &[("log", "no answer to the prompt 'Realm: '"), ("why", "no NAME of its pairs")]);
    let stack = module.stack(&["auth/ask=Code: ", "auth/expect=123456"]);
    let pairs = ["login", "USERNAME", "code", "OTP"];
    our_login(&["--response", "123456"], "joe", "any-password", &stack, &pairs).expect(0, &[]);
    our_login(&[], "joe", "any-password", &stack, &pairs).expect(1, &[("to do", "--response")]);
}

#[test]
fn backends_that_are_away_and_modules_that_crash_or_hang() {
    let module = TestModule::shared();
    let away = our_login(&[], "joe", "any-password", &module.stack(&["auth/code=PAM_AUTHINFO_UNAVAIL"]), &[]);
    away.expect(1, &[("log", "or its server cannot be reached"), ("why", "backend")]);
    let refused =
        our_login(&[], "joe", "any-password", &module.stack(&["account/code=PAM_PERM_DENIED"]), &[]);
    refused.expect(1, &[("why", "refused this user, not the password")]);
    let expired =
        our_login(&[], "joe", "any-password", &module.stack(&["account/code=PAM_NEW_AUTHTOK_REQD"]), &[]);
    expired.expect(1, &[("why", "must be changed first"), ("to do", "or set `change-expired=yes`")]);
    let crashed = our_login(&[], "joe", "any-password", &module.stack(&["auth/crash"]), &[]);
    crashed.expect(1, &[("log", "was killed by SIGSEGV"), ("why", "A PAM module crashed")]);
    let services = PamDir::new();
    services.service("login", &module.stack(&["auth/hang"]));
    let directory = format!("pam-confdir={}", services.path().display());
    let ours = plugin::auth_pam();
    let hung = login(ours.to_str().unwrap(), &[], "joe", "any-password", &["timeout=1", &directory, "login"]);
    hung.expect(1, &[("why", "did not answer within the time limit")]);
}

/// The C plugin waits for ever for a helper that a module has ended. The command does not, and leaves none behind.
#[test]
fn the_c_plugin_hangs_when_a_module_exits() {
    let module = TestModule::shared();
    let service = EtcPamService::new(&module.stack(&["auth/exit"]));
    let hung = c_login(&["--timeout", "2"], "joe", "any-password", &[service.name()]);
    hung.expect(3, &[("result", "not decided within 2.000 s"), ("why", "did not return")]);
    let helper = |process: &proc_table::Process| process.title.contains(service.name());
    assert!(!proc_table::all().iter().any(helper), "its helper is still there");
}

#[test]
fn what_is_different_without_root() {
    let services = PamDir::new();
    services.service("login", UNIX);
    let directory = format!("pam-confdir={}", services.path().display());
    let file = plugin::auth_pam();
    // Where everybody may read it.
    let copy = harness::scratch::Scratch::new();
    std::fs::copy(file, copy.join("openvpn-plugin-auth-pam.so")).unwrap();
    std::fs::copy(crate::run::COMMAND, copy.join("ovpn-plugin")).unwrap();
    let output = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(copy.join("ovpn-plugin"))
        .args(["login", "-u", "root", "-p", "/dev/null"])
        .arg(copy.join("openvpn-plugin-auth-pam.so"))
        .args([&directory, "login"])
        .output()
        .unwrap();
    let run = Run {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    run.expect(1, &[("why", "does not run as root"), ("to do", "as root")]);
}
