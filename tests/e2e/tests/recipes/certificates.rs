//! Machines log in by certificate, people with passwords.

use harness::needs::Need;
use harness::requires;
use crate::document::Document;
use crate::stage::{Stage, machine};

const SET_UP: &str = "Set up";
const PASSWORD: &str = "correct horse";

pub(crate) fn follow(recipe: &Document) {
    requires!(Need::Openvpn(2, 6, 0), "a client's configuration cannot contain its login");
    let machine = machine();
    machine.run(&format!("useradd alice; echo 'alice:{PASSWORD}' | chpasswd"));
    recipe.set_up(&machine, SET_UP);
    let stage = Stage::start(recipe, SET_UP, &machine);
    stage.case("A machine", |stage| stage.server.client_by_certificate("printer").connect());
    stage.accepted("A person", "alice", PASSWORD, "");
    let refused = |name: &str, certificate: &str| {
        stage.case(name, |stage| {
            let client = stage.server.client_by_certificate(certificate).start();
            client.wait_refused();
            client
        });
    };
    refused("An account that is not in the group", "alice");
    stage.case("A machine that sends a name", |stage| {
        let client = stage.server.client_by_certificate("printer");
        let client = client.line("<auth-user-pass>\nprinter\nguess\n</auth-user-pass>").start();
        client.wait_refused();
        client
    });
    recipe.set_up(&machine, "Disable a machine");
    refused("A machine that is disabled", "printer");
    recipe.all_tried();
}
