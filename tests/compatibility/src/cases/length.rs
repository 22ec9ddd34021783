//! Long credentials: taken whole or refused, never cut.

use crate::case::{Case, Look};

const CUT: &str = "credentials are cut to 127 bytes";

pub(super) fn cases() -> Vec<Case> {
    let prefix = "p".repeat(127);
    let long = "p".repeat(200);
    let wants_prefix = format!("password={prefix}");
    let wants_long = format!("password={long}");
    vec![
        Case::module("length: password of 127", &[&wants_prefix]).login("ada", &prefix).same("accepted"),
        Case::module("length: password of 200 whose first 127 match", &[&wants_prefix])
            .login("ada", &long)
            .differs("accepted", "refused", CUT),
        Case::module("length: password of 200, the right one", &[&wants_long])
            .login("ada", &long)
            .differs("refused", "accepted", CUT),
        Case::module("length: username of 127", &["auth/@SEEN@"])
            .login(&prefix, "engine")
            .look(Look::ModuleLength("user"))
            .same("accepted; user: 127 bytes"),
        Case::module("length: username of 200", &["auth/@SEEN@"])
            .login(&long, "engine")
            .look(Look::ModuleLength("user"))
            .differs("accepted; user: 127 bytes", "accepted; user: 200 bytes", CUT),
        Case::module("length: common name of 200", &["auth/ask=Key: ", "auth/@SEEN@"])
            .words(&["login", "USERNAME", "key", "COMMONNAME"])
            .login("ada", "engine")
            .env("common_name", &long)
            .look(Look::ModuleLength("answer"))
            .differs("accepted; answer: 127 bytes", "accepted; answer: 200 bytes", CUT),
        Case::module("length: password of 4096", &["auth/@SEEN@"])
            .login("ada", &"p".repeat(4096))
            .look(Look::Module("phase"))
            .same("accepted; phase: auth"),
        Case::module("length: password of 4097", &["auth/@SEEN@"])
            .login("ada", &"p".repeat(4097))
            .look(Look::Module("phase"))
            .differs("accepted; phase: auth", "refused; phase: -", CUT),
        Case::module("length: username of 4097", &["auth/@SEEN@"])
            .login(&"p".repeat(4097), "engine")
            .look(Look::Module("phase"))
            .differs("accepted; phase: auth", "refused; phase: -", CUT),
    ]
}
