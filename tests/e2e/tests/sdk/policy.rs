//! Who may come and with which address, by a file that changes; and clients that are counted.

use harness::needs::Need;
use harness::requires;
use std::fs;

use harness::log::Mark;
use harness::scratch::Scratch;

use crate::examples::server_with;

/// The tests' clients have certificates of this name.
const CLIENT: &str = "client";

#[test]
fn the_file_is_followed() {
    requires!(Need::Openvpn(2, 6, 0), "the client's name is not told at TLS_VERIFY");
    let scratch = Scratch::new();
    let file = scratch.write("policy", &format!("{CLIENT} # any address\n"), 0o644);
    let server = server_with("policy", &file.display().to_string()).start();
    server.client("joe", "x").connect();
    fs::write(&file, "somebody-else\n").unwrap();
    let _refused = server.client("joe", "x").start();
    server.wait_for(Mark::START, &format!("'{CLIENT}' is not in the policy"));
    fs::write(&file, format!("{CLIENT} 10.99.0.1\n")).unwrap();
    let _without_address = server.client("joe", "x").start();
    server.wait_for(Mark::START, &format!("'{CLIENT}' may not use 10.8.0."));
    assert!(server.is_alive());
}

#[test]
fn clients_are_counted_and_forgotten() {
    let server = server_with("per-client-state", "9").start();
    let client = server.client("joe", "x").connect();
    server.wait_for(Mark::START, "login 1 of this client");
    client.disconnect();
    server.wait_for(Mark::START, "a client is gone after 1 logins");
}

#[test]
fn subjects_of_certificates_are_encoded() {
    let server = server_with("base64", "").start();
    server.client("joe", "x").connect();
    for (subject, encoded) in
        [("CN=test authority", "Q049dGVzdCBhdXRob3JpdHk="), ("CN=client", "Q049Y2xpZW50")]
    {
        server.wait_for(Mark::START, &format!("subject '{subject}' is {encoded} in base64"));
    }
}

#[test]
fn one_user_gets_in() {
    let server = server_with("simple", "joe secret").without_client_certificates().start();
    server.client("joe", "secret").without_certificate().connect();
    server.client("joe", "wrong").without_certificate().start().wait_refused();
    server.wait_for(Mark::START, "user 'joe' is rejected");
}
