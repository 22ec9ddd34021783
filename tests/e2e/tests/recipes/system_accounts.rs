//! Accounts of the machine.

use std::fs;
use std::path::Path;

use harness::Machine;

use crate::document::Document;
use crate::stage::{Stage, machine};

const SET_UP: &str = "Set up";

pub(crate) fn follow(recipe: &Document) {
    let machine = machine();
    recipe.set_up(&machine, SET_UP);
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pam.d/openvpn");
    assert_eq!(
        fs::read_to_string(machine.path("/etc/pam.d/openvpn")).expect("written"),
        fs::read_to_string(installed).expect("in the project"),
        "the recipe says that this file is installed"
    );
    machine.run("echo 'alice:correct horse' | chpasswd");
    let stage = Stage::start(recipe, SET_UP, &machine);
    stage.accepted("The right password", "alice", "correct horse", "");
    stage.refused("A wrong password", "alice", "wrong", "");
    stage.refused("No such account", "nobody-of-that-name", "wrong", "");
    machine.run("chage --expiredate 1970-01-02 alice");
    stage.refused("The account has expired", "alice", "correct horse", "");
    machine.run("chage --expiredate -1 --lastday 0 alice");
    stage.refused("The password has to be changed", "alice", "correct horse", "");
    machine.run("chage --lastday -1 alice; usermod --lock alice");
    stage.refused("The account is locked", "alice", "correct horse", "");
    machine.run("usermod --unlock alice; echo 'root:correct horse' | chpasswd");
    stage.refused("A system account", "root", "correct horse", "");
    machine.write("/etc/nologin", "Back at ten.\n", 0o644);
    stage.refused("The machine is in maintenance", "alice", "correct horse", "");
    machine.run("rm /etc/nologin");
    drop(stage);
    mistaken_name(recipe, &machine);
    recipe.all_tried();
}

/// With a service name that has no file, PAM takes another one.
fn mistaken_name(recipe: &Document, machine: &Machine) {
    let change = |lines: Vec<String>| lines.iter().map(|line| line.replace("openvpn\"", "opnvpn\"")).collect();
    let stage = Stage::start_with(recipe, SET_UP, machine, change);
    stage.case_from_start("The service name is mistaken", |stage| {
        let client = stage.client("alice", "correct horse").start();
        client.wait_connected();
        client
    });
}
