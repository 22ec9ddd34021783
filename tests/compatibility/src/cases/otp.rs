//! The static challenge: password and response in one (`SCRV1:<base64>:<base64>`).

use crate::case::{Case, Look};

/// Asks for a password and a one-time code by name.
fn both(name: &'static str, sent: &str) -> Case {
    Case::module(name, &["auth/ask=Password: ", "auth/@SEEN@", "auth/ask=Code: ", "auth/@SEEN@"])
        .words(&["login", "USERNAME", "password", "PASSWORD", "code", "OTP"])
        .login("ada", sent)
        .look(Look::Module("answer"))
}

/// Asks for a password without pairs.
fn plain(name: &'static str, sent: &str) -> Case {
    Case::module(name, &["auth/ask=Password: ", "auth/@SEEN@"])
        .login("ada", sent)
        .look(Look::Module("answer"))
}

/// Asks for a password and a code without pairs.
fn second(name: &'static str, sent: &str) -> Case {
    Case::module(
        name,
        &["auth/ask=First Factor: ", "auth/@SEEN@", "auth/ask=Second Factor (optional): ", "auth/@SEEN@"],
    )
    .login("ada", sent)
    .look(Look::Module("answer"))
}

const UNUSED: &str = "without pairs the response goes nowhere";
const LITERAL: &str = "a static challenge that cannot be decoded is checked as if it were the password";

pub(super) fn cases() -> Vec<Case> {
    vec![
        both("otp: password and response", "SCRV1:ZW5naW5l:MTIzNDU2").same("accepted; answer: engine|123456"),
        both("otp: without padding needed or with it", "SCRV1:YQ==:YWI=").same("accepted; answer: a|ab"),
        plain("otp: without pairs the password is taken out", "SCRV1:ZW5naW5l:MTIzNDU2")
            .same("accepted; answer: engine"),
        plain("otp: an empty response", "SCRV1:ZW5naW5l:").same("accepted; answer: engine"),
        second("otp: without pairs, a second prompt", "SCRV1:ZW5naW5l:MTIzNDU2").differs(
            "accepted; answer: engine|engine",
            "accepted; answer: engine|123456",
            UNUSED,
        ),
        second("otp: without pairs, an empty response to a second prompt", "SCRV1:ZW5naW5l:").differs(
            "accepted; answer: engine|engine",
            "accepted; answer: engine|",
            UNUSED,
        ),
        second("otp: without pairs and challenge, a second prompt", "engine")
            .same("accepted; answer: engine|engine"),
        plain("otp: an ordinary password with a colon", "SCRV:ZW5naW5l:MTIz")
            .same("accepted; answer: SCRV:ZW5naW5l:MTIz"),
        plain("otp: small letters are no prefix", "scrv1:ZW5naW5l:MTIz")
            .same("accepted; answer: scrv1:ZW5naW5l:MTIz"),
        plain("otp: the response is missing", "SCRV1:ZW5naW5l").differs(
            "accepted; answer: SCRV1:ZW5naW5l",
            "refused; answer: -",
            LITERAL,
        ),
        plain("otp: cut base64", "SCRV1:ZW5naW5:MTIz").differs(
            "accepted; answer: SCRV1:ZW5naW5",
            "refused; answer: -",
            LITERAL,
        ),
        plain("otp: no base64 at all", "SCRV1:%%%%:MTIz").differs(
            "accepted; answer: ",
            "refused; answer: -",
            "a static challenge that cannot be decoded is checked as if the password were empty",
        ),
    ]
}
