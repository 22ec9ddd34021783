//! From auth-script: the script changed, the script as it was, and one that wants a code.

use harness::Machine;

use super::{AFTER, BEFORE, PASSWORD, try_first};
use crate::document::Document;
use crate::stage::{Stage, machine};

const AS_IT_IS: &str = "The script as it is";
const CHALLENGE: &str = "With a static challenge";
const PASSWORDS: &str = "/etc/openvpn/passwords";
const USERS: &str = "alice:correct horse\nbob:other\n";

pub(super) fn follow(page: &Document) {
    let machine = machine();
    // The old plugin is not packaged. What it would run is run further down, as it is.
    page.conf(BEFORE, "server.conf");
    machine.write(PASSWORDS, USERS, 0o600);
    page.set_up(&machine, AFTER);
    try_first(page, &machine, PASSWORD);
    let stage = Stage::start(page, AFTER, &machine);
    users(&stage);
    stage.refused("The script refuses", "alice", "wrong", "");
    machine.run("chmod 0700 /etc/openvpn/check-user");
    stage.refused("The script cannot be read", "alice", PASSWORD, "");
    drop(stage);
    challenge(page, &machine);
    as_it_is(page, &machine);
    page.all_tried();
}

fn as_it_is(page: &Document, machine: &Machine) {
    machine.write(PASSWORDS, USERS, 0o644);
    page.set_up(machine, BEFORE);
    page.set_up(machine, AS_IT_IS);
    users(&Stage::start(page, AS_IT_IS, machine));
    let left = machine.run("find /tmp -maxdepth 1 -user vpn-check");
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "a control file is left");
}

fn challenge(page: &Document, machine: &Machine) {
    page.set_up(machine, CHALLENGE);
    machine.write(PASSWORDS, format!("alice:123456:{PASSWORD}\n"), 0o644);
    let stage = Stage::start(page, CHALLENGE, machine);
    stage.client_with_code("alice", PASSWORD, "123456").connect();
    for (password, code) in [(PASSWORD, "654321"), ("wrong", "123456"), (PASSWORD, "")] {
        stage.client_with_code("alice", password, code).start().wait_refused();
    }
}

fn users(stage: &Stage<'_>) {
    stage.client("alice", PASSWORD).connect();
    for (user, password) in [("alice", "wrong"), ("alice", "other"), ("carol", PASSWORD), ("alice:x", "y")] {
        stage.client(user, password).start().wait_refused();
    }
}
