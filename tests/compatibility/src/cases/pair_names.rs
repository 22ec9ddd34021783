//! Name/value pairs: which pair answers a prompt.

use crate::case::{Case, Look};

const CHECKED: &str = "the log does not name the user that PAM has checked";
const RENAMED: &str = "a client is let in under a name that nobody has checked";

/// Asks one prompt with these pairs; the answer is recorded.
fn prompt(name: &'static str, prompt: &str, pairs: &[&str]) -> Case {
    let ask = format!("auth/ask={prompt}");
    Case::module(name, &[ask.as_str(), "auth/@SEEN@"])
        .words(&["login", "USERNAME"])
        .words(pairs)
        .login("ada", "engine")
        .look(Look::Module("answer"))
        .look_at_failure()
}

const MATCHED: &str = "accepted; answer: found; log: -";
const UNMATCHED: &str = "refused; answer: -; log: user 'ada' failed to authenticate: Conversation error";

pub(super) fn cases() -> Vec<Case> {
    vec![
        prompt("pair name: the whole prompt", "password", &["password", "found"]).same(MATCHED),
        prompt("pair name: the start of the prompt", "Password for ada: ", &["pass", "found"]).same(MATCHED),
        prompt("pair name: longer than the prompt", "pass", &["password", "found"]).same(UNMATCHED),
        prompt("pair name: not at the start", "your password", &["password", "found"]).same(UNMATCHED),
        prompt("pair name: prompt in capitals", "PASSWORD: ", &["password", "found"]).same(MATCHED),
        prompt("pair name: name in capitals", "password: ", &["PASSWORD", "found"]).same(MATCHED),
        prompt("pair name: several words", "One time code: ", &["one time", "found"]).same(MATCHED),
        prompt("pair name: leading blanks and signs are skipped", " *-( Password: ", &["password", "found"])
            .same(MATCHED),
        prompt(
            "pair name: leading bytes beyond ASCII are skipped",
            "\u{e9}Password: ",
            &["password", "found"],
        )
        .same(MATCHED),
        prompt("pair name: a digit is not skipped", "1password", &["password", "found"]).same(UNMATCHED),
        prompt("pair name: signs of the name are not skipped", " *password", &["*password", "found"])
            .same(UNMATCHED),
        prompt("pair name: signs inside must match", "pass-word", &["password", "found"]).same(UNMATCHED),
        prompt(
            "pair name: the first that matches wins",
            "password",
            &["pass", "found", "password", "second"],
        )
        .same(MATCHED),
        prompt(
            "pair name: a longer one that does not match is passed over",
            "pass",
            &["password", "first", "pas", "found"],
        )
        .same(MATCHED),
        prompt("pair name: the same name twice", "password", &["password", "found", "password", "second"])
            .same(MATCHED),
        prompt("pair name: an empty name matches any word", "anything", &["", "found"]).same(MATCHED),
        prompt("pair name: a prompt of signs only matches nothing", "???", &["", "found"]).same(UNMATCHED),
        prompt("pair name: no pair for it", "Token: ", &["password", "found"]).same(UNMATCHED),
        Case::module(
            "pair name: shown and hidden input alike",
            &["auth/ask=Name: ", "auth/@SEEN@", "auth/show=Key: ", "auth/@SEEN@"],
        )
        .words(&["login", "USERNAME", "name", "USERNAME", "key", "PASSWORD"])
        .login("ada", "engine")
        .look(Look::Module("answer"))
        .same("accepted; answer: ada|engine"),
        Case::module("pair name: the stack must ask for the user, and here may not", &["@SEEN@"])
            .words(&["password", "PASSWORD"])
            .login("ada", "engine")
            .look(Look::Module("user"))
            .look_at_failure()
            .same("refused; user: -; log: user 'ada' failed to authenticate: Conversation error"),
        Case::module("pair name: the user is what the pair says", &["auth/@SEEN@", "auth/deny"])
            .words(&["login", "COMMONNAME"])
            .login("ada", "engine")
            .env("common_name", "laptop")
            .look(Look::Module("user"))
            .look_at_failure()
            .differs(
            "refused; user: laptop; log: user 'ada' failed to authenticate: Authentication failure",
            "refused; user: laptop; log: user 'ada' failed to authenticate: Authentication failure; PAM checked 'laptop'",
            CHECKED,
        ),
        Case::module("pair name: that user is accepted", &["auth/@SEEN@"])
            .words(&["login", "COMMONNAME"])
            .login("ada", "engine")
            .env("common_name", "laptop")
            .look(Look::Module("user"))
            .same("accepted; user: laptop"),
        Case::module("pair name: a module checks yet another user", &["auth/rename=ada", "auth/@SEEN@"])
            .words(&["login", "COMMONNAME"])
            .login("ada", "engine")
            .env("common_name", "laptop")
            .look(Look::Module("user"))
            .differs("accepted; user: ada", "refused; user: ada", RENAMED),
        Case::lines("pair name: nobody asks for the user", "auth required pam_debug.so\naccount required pam_debug.so\n")
            .words(&["login", "USERNAME"])
            .login("ada", "engine")
            .differs("accepted", "refused", RENAMED),
    ]
}
