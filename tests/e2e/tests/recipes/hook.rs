//! A program that has the last word.

use harness::needs::Need;
use harness::requires;
use crate::document::Document;
use crate::stage::{Stage, machine};

const SET_UP: &str = "Set up";
const PASSWORD: &str = "correct horse";
const PID: &str = "/etc/openvpn/login-hook.pid";
const PROGRAM: &str = "/etc/openvpn/login-hook";

pub(crate) fn follow(recipe: &Document) {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let machine = machine();
    for name in ["alice", "bob"] {
        machine.run(&format!("useradd {name}; echo '{name}:{PASSWORD}' | chpasswd"));
    }
    recipe.set_up(&machine, SET_UP);
    let stage = Stage::start(recipe, SET_UP, &machine);
    stage.accepted("The program lets in", "alice", PASSWORD, "");
    stage.refused("The program refuses", "bob", PASSWORD, "");
    machine.run(&format!("chmod 0644 {PROGRAM}"));
    stage.refused("It is not executable", "alice", PASSWORD, "");
    machine.write(PROGRAM, format!("#!/bin/sh\necho $$ >{PID}\nexec sleep 60\n"), 0o755);
    stage.refused("It does not end", "alice", PASSWORD, "");
    let pid = std::fs::read_to_string(machine.path(PID)).unwrap_or_default();
    let pid = pid.trim().parse().unwrap_or_else(|error| panic!("{pid}: {error}"));
    assert!(harness::proc_table::wait_gone(pid, harness::PATIENCE), "the program goes on");
    recipe.all_tried();
}
