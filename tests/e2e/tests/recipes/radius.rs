//! Accounts of a RADIUS server.

use harness::log::Mark;
use harness::machine::MachineDaemon;
use harness::{Machine, PATIENCE};

use crate::document::Document;
use crate::stage::{Stage, machine};

pub(crate) const SERVER: &str = "On the RADIUS server";
const SET_UP: &str = "Set up";
const PASSWORD: &str = "correct horse";
const CONF: &str = "/etc/pam_radius_auth.conf";

/// Starts FreeRADIUS with what is in /etc/freeradius of the machine.
pub(crate) fn start_freeradius(machine: &Machine) -> MachineDaemon {
    machine.run("install -d -o freerad -g freerad /run/freeradius");
    let daemon = machine.start("freeradius", &["-f", "-l", "stdout"]);
    daemon.log().wait_for(Mark::START, "Ready to process requests", PATIENCE);
    daemon
}

pub(crate) fn follow(recipe: &Document) {
    let (machine, radius) = (machine(), Machine::new());
    let (here, there) = machine.netns().connect(radius.netns());
    machine.run(&format!("echo '{there} radius1.example.com radius2.example.com' >> /etc/hosts"));
    recipe.set_up_with(&radius, SERVER, &[("192.0.2.1", &here.to_string())]);
    recipe.set_up(&machine, SET_UP);
    let daemon = start_freeradius(&radius);
    let stage = Stage::start(recipe, SET_UP, &machine);
    stage.accepted("The right password", "alice", PASSWORD, "");
    stage.refused("A wrong password", "alice", "wrong", "");
    machine.run(&format!("sed -i 's/^radius1.example.com/10.99.0.9/' {CONF}"));
    stage.accepted("The first server is away", "alice", PASSWORD, "");
    machine.run(&format!("sed -i 's/^10.99.0.9/nowhere.example.com/' {CONF}"));
    stage.accepted("A name that is not known", "alice", PASSWORD, "");
    machine.run(&format!("sed -i 's/s3cret-of-vpn/other/' {CONF}"));
    stage.refused("The secrets differ", "alice", PASSWORD, "");
    drop(daemon);
    stage.refused("All servers are away", "alice", PASSWORD, "");
    machine.run(&format!("rm {CONF}"));
    stage.refused("The module has no configuration", "alice", PASSWORD, "");
    recipe.all_tried();
}
