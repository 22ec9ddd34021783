//! Name/value words, and a one-time code asked for beside the password.

use std::sync::Arc;

use harness::ServerConfig;
use harness::{PamService, TestModule};

use crate::stack::{PASSWORD, WRONG};

const CODE: &str = "123456";
const PAIRS: &str = "'verification code' OTP login USERNAME password PASSWORD";

fn server_with_code() -> (Arc<TestModule>, PamService, harness::Server) {
    let module = TestModule::shared();
    let check = format!("auth/password={PASSWORD}");
    let expected = format!("auth/expect={CODE}");
    let service = PamService::new(&module.stack(&[
        &check,
        "auth/ask=Verification code: ",
        &expected,
        "auth/info=Welcome",
    ]));
    let server = ServerConfig::auth_pam_with("", &service, PAIRS).dropped().start();
    // A module nobody holds is gone.
    (module, service, server)
}

#[test]
fn password_and_code_as_the_client_asks_for_them() {
    let (_module, _service, server) = server_with_code();
    server.client("alice", PASSWORD).static_challenge("Code", CODE).start().wait_connected();
    server.client("alice", PASSWORD).static_challenge("Code", "654321").start().wait_refused();
    server.client("alice", WRONG).static_challenge("Code", CODE).start().wait_refused();
}

#[test]
fn a_client_that_sends_no_code_is_refused() {
    let (_module, _service, server) = server_with_code();
    server.client("alice", PASSWORD).start().wait_refused();
    assert!(server.is_alive());
}

#[test]
fn rubbish_in_place_of_a_code_is_refused() {
    let (_module, _service, server) = server_with_code();
    for rubbish in ["SCRV1:", "SCRV1::", "SCRV1:!!!!:????", "SCRV1:Y29ycmVjdCBob3JzZQ==", "SCRV1:a:b:c:d"] {
        server.client("alice", rubbish).start().wait_refused();
    }
    server.client("alice", PASSWORD).static_challenge("Code", CODE).start().wait_connected();
}
