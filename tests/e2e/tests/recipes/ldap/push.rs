//! The push after the password. In place of a vendor's module there is one that waits at a gate: to open it is to press
//! the button. Bob says no.

use std::time::Duration;

use harness::{Gate, Machine, TestModule};

use super::PASSWORD;
use crate::document::Document;
use crate::stage::Stage;

const PUSH: &str = "Then a push";
/// What OpenVPN logs when it does not wait any longer.
const PENDING: &str = "authentication deferred for username 'alice'";

pub(super) fn follow(recipe: &Document, machine: &Machine) {
    let (module, gate) = (TestModule::shared(), Gate::new());
    let (tell, wait) = (gate.tell(), gate.wait());
    let line = format!("{} auth/{tell} auth/{wait} auth/bob:deny", module.path().display());
    recipe.set_up_with(machine, PUSH, &[("pam_push.so", &line)]);
    let stage = Stage::start(recipe, PUSH, machine);
    stage.case("The button is pressed", |stage| {
        let client = stage.client("alice", PASSWORD).start();
        gate.arrival();
        gate.open();
        client.wait_connected();
        client
    });
    stage.case("Somebody says no", |stage| {
        let client = stage.client("bob", PASSWORD).start();
        gate.arrival();
        gate.open();
        client.wait_refused();
        client
    });
    stage.client("alice", "wrong").start().wait_refused();
    assert_eq!(gate.arrival_within(Duration::ZERO), None, "a push was sent without the password");
    stage.case("The client has come back meanwhile", |stage| {
        let mark = stage.server.mark();
        let first = stage.client("alice", PASSWORD).start();
        gate.arrival();
        stage.server.wait_for(mark, PENDING);
        drop(first);
        let mark = stage.server.mark();
        let client = stage.client("alice", PASSWORD).start();
        stage.server.wait_for(mark, PENDING);
        gate.open();
        client.wait_connected();
        assert_eq!(gate.arrival_within(Duration::ZERO), None, "a second push was sent");
        client
    });
    drop(stage);
    nobody(recipe, machine, &gate);
}

/// OpenVPN waits for 12 s instead of 120, so the plugin for 6.
fn nobody(recipe: &Document, machine: &Machine, gate: &Gate) {
    let soon = |line: &String| line.replace("hand-window 120", "hand-window 12");
    let stage = Stage::start_with(recipe, PUSH, machine, |lines| lines.iter().map(soon).collect());
    stage.case_where("Nobody presses the button", ["110 s", "6 s"], |stage| {
        let client = stage.client("alice", PASSWORD).start();
        gate.arrival();
        client.wait_refused();
        client
    });
}
