//! Two plugins in one configuration: both are asked, and both must agree.

use harness::ServerConfig;

use crate::stack::{PASSWORD, Stack, WRONG};

#[test]
fn a_login_needs_both() {
    let (first, second) = (Stack::with(&["carol:deny"]), Stack::with(&["dave:deny"]));
    let server = ServerConfig::auth_pam(&first.service).plugin(&second.service.words()).dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    for user in ["carol", "dave"] {
        let mark = server.mark();
        server.client(user, PASSWORD).start().wait_refused();
        server.wait_for(mark, &format!("user '{user}' failed to authenticate"));
    }
    server.client("alice", WRONG).start().wait_refused();
}

#[test]
fn both_helpers_leave_with_the_server() {
    let (first, second) = (Stack::new(), Stack::new());
    let server = ServerConfig::auth_pam(&first.service).plugin(&second.service.words()).dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    assert!(server.helpers().len() >= 2, "{:?}", server.helpers());
    server.stop();
    assert_eq!(server.helpers(), []);
}
