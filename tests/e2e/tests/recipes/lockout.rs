//! Failed logins lock the account for a time.

use crate::document::Document;
use crate::stage::{Stage, machine};

const SET_UP: &str = "Set up";
const UNLOCK: &str = "Unlock";
const PASSWORD: &str = "correct horse";

pub(crate) fn follow(recipe: &Document) {
    let machine = machine();
    machine.run(&format!("useradd alice; echo 'alice:{PASSWORD}' | chpasswd"));
    recipe.set_up(&machine, SET_UP);
    let stage = Stage::start(recipe, SET_UP, &machine);
    stage.accepted("The right password", "alice", PASSWORD, "");
    stage.refused("The first failures", "alice", "wrong", "");
    stage.client("alice", "wrong").start().wait_refused();
    stage.refused("The last failure", "alice", "wrong", "");
    stage.refused("Locked", "alice", PASSWORD, "");
    // The lock is the VPN's alone.
    assert!(!machine.path("/run/faillock").exists());
    recipe.set_up(&machine, UNLOCK);
    stage.accepted("Unlocked", "alice", PASSWORD, "");
    machine.run("mount -t tmpfs -o ro tmpfs /var/lib/openvpn-faillock");
    stage.refused("The directory cannot be written", "alice", "wrong", "");
    recipe.all_tried();
}
