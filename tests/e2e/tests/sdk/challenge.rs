//! A code asked for beside the password, in both ways.

use harness::Outcome;
use harness::server::READY;

use crate::examples::server_with;
use crate::user::Answering;

const WORDS: &str = "joe secret 123456";

#[test]
fn while_the_login_is_pending() {
    let server = server_with("challenge", &format!("crtext {WORDS}")).start();
    Answering::start(&server, "joe", "secret", "123456").sees(READY);
    Answering::start(&server, "joe", "secret", "654321").sees("AUTH_FAILED,wrong code");
    Answering::start(&server, "joe", "wrong", "123456").sees("AUTH_FAILED");
}

#[test]
fn a_client_that_cannot_ask_is_told() {
    let server = server_with("challenge", &format!("crtext {WORDS}")).start();
    let refused = server.client("joe", "secret").outcome();
    assert!(
        matches!(&refused, Outcome::Refused { reason, .. } if reason.contains("cannot ask")),
        "{refused:?}"
    );
}

#[test]
fn by_a_second_login() {
    let server = server_with("challenge", &format!("dynamic {WORDS}")).start();
    let client = Answering::start(&server, "joe", "secret", "123456");
    client.sees("AUTH_FAILED,CRV1:R,E:");
    client.sees(READY);
}

/// Also where OpenVPN is in a chroot and no longer root.
#[test]
fn in_a_chroot() {
    for method in ["crtext", "dynamic"] {
        let server = server_with("challenge", &format!("{method} {WORDS}")).chroot().start();
        Answering::start(&server, "joe", "secret", "123456").sees(READY);
    }
}
