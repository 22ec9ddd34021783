//! Name/value pairs: what the answer is.

use crate::case::{Case, Look};

const DROPPED: &str = "text after the last keyword of a value is dropped";
const BRACES: &str = "no value takes two keywords, or an empty one";
const ASKS: &str = "nobody can be asked";
const SILENT: &str = "an empty substitution fails without a word";

/// A value, answered for a login of ada with password `engine`, common name `laptop` and response `123456`.
fn value(name: &'static str, value: &str) -> Case {
    Case::module(name, &["auth/ask=Key: ", "auth/@SEEN@"])
        .words(&["login", "USERNAME", "key", value])
        .login("ada", "SCRV1:ZW5naW5l:MTIzNDU2")
        .env("common_name", "laptop")
        .look(Look::Module("answer"))
}

fn answer(answer: &str) -> String {
    format!("accepted; answer: {answer}")
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        value("pair value: USERNAME", "USERNAME").same(&answer("ada")),
        value("pair value: PASSWORD", "PASSWORD").same(&answer("engine")),
        value("pair value: COMMONNAME", "COMMONNAME").same(&answer("laptop")),
        value("pair value: OTP", "OTP").same(&answer("123456")),
        value("pair value: literal", "a literal: value").same(&answer("a literal: value")),
        value("pair value: empty", "").same(&answer("")),
        value("pair value: keywords in small letters are literal", "password").same(&answer("password")),
        value("pair value: text before the keyword", "x-PASSWORD").same(&answer("x-engine")),
        value("pair value: a keyword several times", "PASSWORD,PASSWORD").same(&answer("engine,engine")),
        value("pair value: USERNAME before PASSWORD", "PASSWORD USERNAME").same(&answer("PASSWORD ada")),
        value("pair value: PASSWORD before COMMONNAME", "COMMONNAME PASSWORD")
            .same(&answer("COMMONNAME engine")),
        value("pair value: COMMONNAME before OTP", "OTP COMMONNAME").same(&answer("OTP laptop")),
        value("pair value: USERNAME before OTP", "OTP USERNAME").same(&answer("OTP ada")),
        value("pair value: text after the keyword", "USERNAME@example.com").differs(
            &answer("ada"),
            &answer("ada@example.com"),
            DROPPED,
        ),
        value("pair value: text around two keywords", "<OTP><OTP>").differs(
            &answer("<123456><123456"),
            &answer("<123456><123456>"),
            DROPPED,
        ),
        value("pair value: the second keyword stays as text", "USERNAME PASSWORD").differs(
            &answer("ada"),
            &answer("ada PASSWORD"),
            DROPPED,
        ),
        value("pair value: a keyword in braces", "{OTP}").differs(
            &answer("{123456"),
            &answer("123456"),
            BRACES,
        ),
        value("pair value: two keywords in braces", "{PASSWORD}{OTP}").differs(
            &answer("{engine"),
            &answer("engine123456"),
            BRACES,
        ),
        value("pair value: ASK", "ASK").differs(&answer("ASK"), "refused; answer: -", ASKS),
        value("pair value: ASK in braces", "{ASK}").differs(&answer("{ASK}"), "refused; answer: -", ASKS),
        value("pair value: ASK within a word", "TASK").same(&answer("TASK")),
        Case::module("pair value: a keyword in braces, and no response", &["auth/ask=Key: ", "auth/@SEEN@"])
            .words(&["login", "USERNAME", "key", "{OTP}"])
            .login("ada", "engine")
            .look(Look::Module("answer"))
            .differs("refused; answer: -", "accepted; answer: ", BRACES),
        Case::module(
            "pair value: what is filled in is not searched again",
            &["auth/ask=Key: ", "auth/@SEEN@"],
        )
        .words(&["login", "USERNAME", "key", "USERNAME"])
        .login("xUSERNAMExPASSWORD", "engine")
        .look(Look::Module("answer"))
        .same(&answer("xUSERNAMExPASSWORD")),
    ];
    cases.extend([
        without("pair value: COMMONNAME, but no certificate", "COMMONNAME", "engine"),
        without("pair value: OTP, but no response", "OTP", "engine"),
        Case::module("pair value: PASSWORD, but it is empty", &["auth/ask=Key: ", "auth/@SEEN@"])
            .words(&["login", "USERNAME", "key", "PASSWORD"])
            .login("ada", "")
            .look_at_failure()
            .differs(
                "refused; log: user 'ada' failed to authenticate: Conversation error",
                "refused; log: user 'ada' failed to authenticate: the password is empty (see empty-passwords)",
                SILENT,
            ),
        without("pair value: PASSWORD, but it is empty, allowed", "PASSWORD", "").option("empty-passwords=yes"),
    ]);
    cases
}

/// A keyword for which the client sent nothing.
fn without(name: &'static str, keyword: &'static str, password: &str) -> Case {
    let refused = "refused; answer: -; log: user 'ada' failed to authenticate: Conversation error";
    Case::module(name, &["auth/ask=Key: ", "auth/@SEEN@"])
        .words(&["login", "USERNAME", "key", keyword])
        .login("ada", password)
        .look(Look::Module("answer"))
        .look_at_failure()
        .look(Look::Mentioned(keyword))
        .differs(
            &format!("{refused}; logged: no {keyword}"),
            &format!("{refused}; logged: {keyword}"),
            SILENT,
        )
}
