//! Messages that want no answer.

use crate::case::{Case, Look};

const FAILS: &str = "a message that no pair matches fails the login";

fn message(name: &'static str, message: &str) -> Case {
    Case::module(name, &[message, "auth/ask=Key: ", "auth/@SEEN@"])
        .login("ada", "engine")
        .look(Look::Module("answer"))
}

pub(super) fn cases() -> Vec<Case> {
    let pairs = ["login", "USERNAME", "key", "PASSWORD"];
    let accepted = "accepted; answer: engine";
    let refused = "refused; answer: -";
    vec![
        message("message: information, without pairs", "auth/info=Hello").same(accepted),
        message("message: error, without pairs", "auth/error=Beware").same(accepted),
        message("message: information that no pair matches", "auth/info=Hello")
            .words(&pairs)
            .differs(refused, accepted, FAILS),
        message("message: error that no pair matches", "auth/error=Beware")
            .words(&pairs)
            .differs(refused, accepted, FAILS),
        message("message: empty information, with pairs", "auth/info=")
            .words(&pairs)
            .differs(refused, accepted, FAILS),
        Case::module("message: printed by a module", &["auth/print"])
            .login("ada", "engine")
            .look(Look::Mentioned("printed by a PAM module: pam_test on stdout \\x1b[31mred"))
            .differs(
                "accepted; logged: no printed by a PAM module: pam_test on stdout \\x1b[31mred",
                "accepted; logged: printed by a PAM module: pam_test on stdout \\x1b[31mred",
                "what a module prints goes to the log as it is, control characters included",
            ),
        message("message: information that a pair matches", "auth/info=Hello")
            .words(&pairs)
            .words(&["hello", "ignored"])
            .same(accepted),
        message("message: error that a pair matches", "auth/error=Beware")
            .words(&pairs)
            .words(&["beware", "ignored"])
            .same(accepted),
        message("message: in the account phase, with pairs", "account/info=Hello").words(&pairs).differs(
            "refused; answer: engine",
            accepted,
            FAILS,
        ),
    ]
}
