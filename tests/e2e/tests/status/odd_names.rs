//! Names that a client makes up: `status` shows them as `revoke` takes them, and nothing in them is taken for something else.

use serde_json::Value;

use crate::stage::{PASSWORD, Stage};

#[test]
fn a_name_that_is_shown_can_be_revoked() {
    let stage = Stage::new("session=yes", &["auth/password=word"]);
    let names = [r"o'neil back\slash", "b\u{fc}rger", "-x --json", r"EXAMPLE\\n", "end"];
    let clients: Vec<_> = names.iter().map(|name| stage.server.client(name, PASSWORD).connect()).collect();
    let status = stage.wait_for(|status| status["sessions"]["open"] == names.len());
    let shown: Vec<String> = status["sessions"]["clients"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|client| client["user"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(shown.len(), names.len(), "{status:#}");
    for name in &shown {
        // Each is that of one session, the one that has not been revoked yet or has.
        let revoked: Value =
            serde_json::from_str(&stage.ask(&["revoke", "--json", "--", name])).expect("JSON");
        assert_eq!(
            (&revoked["sessions"], &revoked["user"]),
            (&1.into(), &Value::from(name.as_str())),
            "{name}"
        );
    }
    // Another spelling is nobody.
    let none: Value = serde_json::from_str(&stage.ask(&["revoke", "--json", r"o\'neil"])).expect("JSON");
    assert_eq!(none["sessions"], 0, "{none:#}");
    drop(clients);
}
