//! Starting: the words of the `plugin` line and the environment at that time.

use crate::case::{Case, Look};
use crate::step;

const PERMIT: &str = "auth required pam_permit.so\naccount required pam_permit.so\n";

const OPTION: &str = "there are no options";

pub(super) fn cases() -> Vec<Case> {
    let sixteen_pairs: Vec<String> =
        (0..16).flat_map(|n| [format!("name{n}"), format!("value{n}")]).collect();
    let sixteen_pairs: Vec<&str> = sixteen_pairs.iter().map(String::as_str).collect();
    let login_pair_last = [&sixteen_pairs[..30], &["login", "USERNAME"]].concat();
    vec![
        Case::lines("start: no service named", PERMIT)
            .no_service()
            .login("ada", "engine")
            .same("does not start"),
        Case::lines("start: a name without value", PERMIT)
            .words(&["login"])
            .login("ada", "engine")
            .same("does not start"),
        Case::lines("start: three words after the service", PERMIT)
            .words(&["login", "USERNAME", "password"])
            .login("ada", "engine")
            .same("does not start"),
        Case::lines("start: sixteen pairs", PERMIT)
            .words(&login_pair_last)
            .login("ada", "engine")
            .same("accepted"),
        Case::lines("start: seventeen pairs", PERMIT)
            .words(&sixteen_pairs)
            .words(&["login", "USERNAME"])
            .login("ada", "engine")
            .same("does not start"),
        Case::lines("start: a service name with an equals sign", PERMIT)
            .no_service()
            .words(&["ser=vice"])
            .login("ada", "engine")
            .differs("refused", "does not start", OPTION),
        Case::lines("start: the service as a path", PERMIT)
            .no_service()
            .words(&["/etc/pam.d/@SERVICE@"])
            .login("ada", "engine")
            .look(Look::Mentioned("is a path"))
            .differs(
                "accepted; logged: no is a path",
                "accepted; logged: is a path",
                "a path goes unnoticed",
            ),
        Case::module("start: the service as a path, with pairs", &["auth/ask=Password: ", "auth/@SEEN@"])
            .no_service()
            .words(&["/etc/pam.d/@SERVICE@", "login", "USERNAME", "password", "PASSWORD"])
            .login("ada", "engine")
            .look(Look::Module("answer"))
            .same("accepted; answer: engine"),
        Case::lines("start: the service as a path to another directory", PERMIT)
            .no_service()
            .words(&["../nowhere/@SERVICE@"])
            .login("ada", "engine")
            .same("accepted"),
        Case::missing("start: the service has no file")
            .login("ada", "engine")
            .look(Look::Mentioned("/etc/pam.d/{service}"))
            .differs(
                "refused; logged: no /etc/pam.d/{service}",
                "refused; logged: /etc/pam.d/{service}",
                "a missing service file goes unnoticed until logins go to the stack of `other`",
            ),
        Case::lines("start: everybody may write to the service file", PERMIT)
            .mode(0o666)
            .login("ada", "engine")
            .differs("accepted", "does not start", "a user who may write there decides who gets in"),
        Case::lines("start: root's group may write to the service file", PERMIT)
            .mode(0o664)
            .login("ada", "engine")
            .same("accepted"),
        Case::lines("start: a group may write to the service file", PERMIT)
            .mode(0o664)
            .open_env(step::RUN, "chgrp 100 /etc/pam.d/@SERVICE@")
            .login("ada", "engine")
            .differs("accepted", "does not start", "a user who may write there decides who gets in"),
        Case::lines("start: a phase without lines", "auth required pam_permit.so\n")
            .login("ada", "engine")
            .look(Look::Mentioned("it has no account lines"))
            .differs(
                "refused; logged: no it has no account lines",
                "refused; logged: it has no account lines",
                "it shows when nobody can log in",
            ),
        Case::lines("start: a module that is missing", PERMIT.replace("permit.so\na", "nosuch.so\na"))
            .login("ada", "engine")
            .look(Look::Mentioned("module pam_nosuch.so is missing"))
            .differs(
                "refused; logged: no module pam_nosuch.so is missing",
                "refused; logged: module pam_nosuch.so is missing",
                "it shows when nobody can log in",
            ),
        Case::lines("start: a line that PAM does not understand", PERMIT.replacen("required", "requird", 1))
            .login("ada", "engine")
            .look(Look::Mentioned("has 'requird' as its control word"))
            .differs(
                "refused; logged: no has 'requird' as its control word",
                "refused; logged: has 'requird' as its control word",
                "it shows when nobody can log in",
            ),
        Case::lines("start: under --daemon", PERMIT)
            .open_env("daemon", "1")
            .open_env("daemon_log_redirect", "0")
            .login("ada", "engine")
            .same("accepted"),
        Case::lines("start: under --daemon with a log file", PERMIT)
            .open_env("daemon", "1")
            .open_env("daemon_log_redirect", "1")
            .login("ada", "engine")
            .same("accepted"),
        Case::lines("start: no verb in the environment", PERMIT)
            .open_env("verb", "")
            .login("ada", "engine")
            .same("accepted"),
        Case::lines("start: the highest verb tells no password", PERMIT)
            .open_env("verb", "15")
            .login("ada", "AnalyticalEngine")
            .look(Look::Mentioned("AnalyticalEngine"))
            .same("accepted; logged: no AnalyticalEngine"),
    ]
}
