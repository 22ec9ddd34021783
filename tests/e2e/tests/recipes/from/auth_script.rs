//! From auth-script: the script changed, the script as it was, and one that wants a code.

use std::fs;

use harness::Machine;

use super::{AFTER, BEFORE, PASSWORD, try_first};
use crate::document::Document;
use crate::stage::{Stage, machine};

const AS_IT_IS: &str = "The script as it is";
const CHALLENGE: &str = "With a static challenge";
const PASSWORDS: &str = "/etc/openvpn/passwords";
const USERS: &str = "alice:correct horse\nbob:other\n";

const SECOND: &str = "/etc/openvpn/as-auth-script";
/// A script made for auth-script and a static challenge.
const WANTS_SCRV1: &str = r#"#!/bin/sh
answer=0
password_and_code=SCRV1:$(printf 'correct horse' | base64):$(printf 123456 | base64)
if [ "$username $password" = "alice $password_and_code" ]; then answer=1; fi
echo "$answer" > "$auth_control_file"
"#;

pub(super) fn follow(page: &Document) {
    let machine = machine();
    // The old plugin is not packaged. What it would run is run further down, as it is.
    page.conf(BEFORE, "server.conf");
    page.conf(BEFORE, "client.conf");
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
    let lines = page.quoted(CHALLENGE, "In place of the line `password=...`").join("\n");
    let text = fs::read_to_string(machine.path(SECOND)).unwrap_or_else(|error| panic!("{SECOND}: {error}"));
    let changed = text.replace("password=$(tr -d '\\000')", &lines);
    assert_ne!(changed, text);
    machine.write(SECOND, changed, 0o755);
    machine.write("/etc/openvpn/check-user", WANTS_SCRV1, 0o755);
    let stage = Stage::start(page, CHALLENGE, machine);
    stage.client_with_code("alice", PASSWORD, "123456").connect();
    stage.client_with_code("alice", PASSWORD, "123457").start().wait_refused();
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
