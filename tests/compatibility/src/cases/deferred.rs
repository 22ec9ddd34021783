//! Deferred logins: the verdict comes in a file.

use crate::case::{Case, Look};
use crate::step;

const PERMIT: &str = "auth required pam_permit.so\naccount required pam_permit.so\n";
const DENY: &str = "auth required pam_deny.so\naccount required pam_permit.so\n";

pub(super) fn cases() -> Vec<Case> {
    let slow = "every deferred login takes at least the second until the server looks at the control file";
    vec![
        // Waiting for a quick verdict is ours alone, so it is switched off where deferring itself is the matter.
        Case::lines("deferred: accepted", PERMIT)
            .option("grace=0")
            .login("ada", "engine")
            .deferred()
            .same("deferred; control file: 1"),
        Case::lines("deferred: refused", DENY)
            .option("grace=0")
            .login("ada", "engine")
            .deferred()
            .look_at_failure()
            .same(
                "deferred; control file: 0; \
                 log: user 'ada' failed to authenticate: Authentication failure",
            ),
        Case::lines("deferred: a quick stack, accepted", PERMIT)
            .option("grace=10000")
            .login("ada", "engine")
            .deferred()
            .login("ada", "engine")
            .run("printf '' > @DIR@/control")
            .deferred()
            .login("ada", "engine")
            .run("printf '' > @DIR@/control")
            .deferred()
            .differs(
                "deferred, deferred, deferred; control file: 1; control file: 1; control file: 1",
                "deferred, deferred, accepted; control file: -; control file: -; control file: -",
                slow,
            ),
        Case::lines("deferred: a quick stack, refused", DENY)
            .login("ada", "engine")
            .deferred()
            .same("deferred; control file: 0"),
        Case::lines("deferred: the time of a refusal", DENY)
            .login("ada", "engine")
            .deferred()
            .timed()
            .differs(
                "deferred, decided at once; control file: 0",
                "deferred, decided after a second; control file: 0",
                "the time of a refusal tells whether an account exists",
            ),
        Case::lines("deferred: the time of a refusal, not held back", DENY)
            .option("refusal-time=0")
            .login("ada", "engine")
            .deferred()
            .timed()
            .same("deferred, decided at once; control file: 0"),
        Case::lines("deferred: another plugin has used the control file", PERMIT)
            .option("grace=0")
            .login("ada", "engine")
            .run("printf 1 > @DIR@/control")
            .deferred()
            .look(Look::Mentioned("another plugin"))
            .differs(
                "deferred; control file: 1; logged: no another plugin",
                "refused; control file: 1; logged: another plugin",
                "OpenVPN has one control file for all plugins, and each takes its verdict for theirs",
            ),
        Case::module("deferred: a slow stack", &["auth/sleep=300"])
            .option("grace=10")
            .login("ada", "engine")
            .deferred()
            .same("deferred; control file: 1"),
        Case::lines("deferred: switched on by an empty value", PERMIT)
            .option("grace=0")
            .login("ada", "engine")
            .env("deferred_auth_pam", "")
            .env("auth_control_file", "@DIR@/control")
            .look(Look::Control)
            .same("deferred; control file: 1"),
        Case::lines("deferred: switched on, but no control file", PERMIT)
            .login("ada", "engine")
            .env("deferred_auth_pam", "1")
            .same("accepted"),
        Case::lines("deferred: not switched on", DENY)
            .login("ada", "engine")
            .env("auth_control_file", "@DIR@/control")
            .look(Look::Control)
            .same("refused; control file: -"),
        Case::lines("deferred: empty username", PERMIT)
            .login("", "engine")
            .deferred()
            .same("refused; control file: -"),
        Case::lines("deferred: the control file is not there", PERMIT)
            .login("ada", "engine")
            .env("deferred_auth_pam", "1")
            .env("auth_control_file", "@DIR@/nowhere/control")
            .look(Look::Control)
            .differs(
                "deferred, no verdict in the control file; control file: -",
                "refused; control file: -",
                "the helper, not the server, opens the control file: what it cannot open is noticed by nobody",
            ),
        Case::lines("deferred: in a chroot", PERMIT)
            .option("grace=0")
            .file("control", "")
            .login("ada", "engine")
            .env(step::CHROOT, "@DIR@")
            .env("deferred_auth_pam", "1")
            .env("auth_control_file", "/control")
            .look(Look::Control)
            .differs(
                "deferred, no verdict in the control file; control file: -",
                "deferred; control file: 1",
                "the helper looks for the control file outside OpenVPN's chroot",
            ),
        // 0755 and root's: nobody may only read it.
        Case::lines("deferred: a file that OpenVPN itself may not write", PERMIT)
            .file("control", "")
            .login("ada", "engine")
            .env(step::USER, "nobody")
            .env("deferred_auth_pam", "1")
            .env("auth_control_file", "@DIR@/control")
            .look(Look::Control)
            .differs(
                "deferred; control file: 1",
                "refused; control file: -",
                "the root helper writes to any file that the unprivileged OpenVPN names",
            ),
        at_once("deferred: thirty at once", &["max-workers=2"]).differs(
            "all accepted by many processes",
            "all accepted by few processes",
            "each deferred login forks a process",
        ),
        at_once("deferred: thirty at once, from one address", &["max-workers=2"])
            .env("untrusted_ip", "192.0.2.7")
            .differs(
                "all accepted by many processes",
                "all accepted by few processes",
                "one client that guesses keeps the server busy",
            ),
        Case::module("deferred: the same login again while PAM is asked", &["auth/sleep=500", "auth/@SEEN@"])
            .login("ada", "engine")
            .env("deferred_auth_pam", "1")
            .env("auth_control_file", "@DIR@/many")
            .env(step::REPEATED, "2")
            .look(Look::Module("user"))
            .differs(
                "all accepted by few processes; user: ada|ada",
                "all accepted by few processes; user: ada",
                "a client that connects again gets a second push",
            ),
    ]
}

/// Thirty logins that take a while each.
fn at_once(name: &'static str, options: &[&str]) -> Case {
    let case = Case::module(name, &["auth/sleep=200"]).login("ada", "engine");
    let case = options.iter().fold(case, |case, option| case.option(option));
    case.env("deferred_auth_pam", "1").env("auth_control_file", "@DIR@/many").env(step::AT_ONCE, "30")
}
