//! Who has an expired password chooses a new one.

use harness::needs::Need;
use harness::requires;
use crate::document::Document;
use crate::stage::{Stage, machine};

const SET_UP: &str = "Set up";
const OLD: &str = "correct horse";
const NEW: &str = "battery staple 7";
const SHORT: &str = "staple";

pub(crate) fn follow(recipe: &Document) {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let machine = machine();
    machine.run(&format!("useradd alice; echo 'alice:{OLD}' | chpasswd; chage --lastday 0 alice"));
    recipe.set_up(&machine, SET_UP);
    missing(recipe, &machine);
    nobody(recipe, &machine);
    let stage = Stage::start(recipe, SET_UP, &machine);
    stage.case_of_person("None is good enough", |stage| {
        let alice = stage.person("alice", OLD).answers(&[SHORT; 5]).start();
        alice.refused();
        alice
    });
    stage.case_of_person("A new password is chosen", |stage| {
        let alice = stage.person("alice", OLD).answers(&[SHORT, NEW, NEW]).start();
        alice.connects();
        alice
    });
    stage.client("alice", NEW).start().wait_connected();
    recipe.all_tried();
}

fn missing(recipe: &Document, machine: &harness::Machine) {
    let change = |lines: Vec<String>| lines.iter().map(|line| line.replace("change-expired=yes ", "")).collect();
    let stage = Stage::start_with(recipe, SET_UP, machine, change);
    stage.refused("The option is missing", "alice", OLD, "");
}

/// The case speaks of two minutes, and takes three seconds here.
fn nobody(recipe: &Document, machine: &harness::Machine) {
    let soon = |line: &String| line.replace("change-expired=yes", "change-expired=yes challenge-timeout=3");
    let stage = Stage::start_with(recipe, SET_UP, machine, |lines| lines.iter().map(soon).collect());
    let alice = stage.person("alice", OLD).start();
    alice.question(0);
    for line in recipe.case("Nobody answers").iter().flat_map(|block| &block.lines) {
        stage.sees(&line.replace("120 s", "3 s"));
    }
}
