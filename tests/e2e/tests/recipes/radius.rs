//! Accounts of a RADIUS server.

use harness::needs::Need;
use harness::requires;
use std::net::Ipv4Addr;

use harness::log::Mark;
use harness::machine::MachineDaemon;
use harness::{Machine, Outcome, PATIENCE};

use crate::document::Document;
use crate::stage::{Stage, machine};

pub(crate) const SERVER: &str = "On the RADIUS server";
const SET_UP: &str = "Set up";
const ASKS_BACK: &str = "A server that asks back";
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
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    requires!(Need::Before("libpam-radius-auth", "3"), "a reply signed with another secret counts as none");
    let (machine, radius) = (machine(), Machine::new());
    let (here, there) = machine.netns().connect(radius.netns());
    machine.run(&format!("echo '{there} radius1.example.com radius2.example.com' >> /etc/hosts"));
    recipe.set_up_with(&radius, SERVER, &[("192.0.2.1", &here.to_string())]);
    recipe.set_up(&machine, SET_UP);
    let daemon = start_freeradius(&radius);
    let stage = Stage::start(recipe, SET_UP, &machine);
    stage.accepted("The right password", "alice", PASSWORD, "");
    stage.refused("A wrong password", "alice", "wrong", "");
    let [a, b, c, _] = there.octets();
    let nobody = Ipv4Addr::new(a, b, c, 9);
    machine.run(&format!("sed -i 's/^radius1.example.com/{nobody}/' {CONF}"));
    stage.accepted("The first server is away", "alice", PASSWORD, "");
    machine.run(&format!("sed -i 's/^{nobody}/nowhere.example.com/' {CONF}"));
    stage.accepted("A name that is not known", "alice", PASSWORD, "");
    machine.run(&format!("sed -i 's/s3cret-of-vpn/other/' {CONF}"));
    stage.refused("The secrets differ", "alice", PASSWORD, "");
    drop(daemon);
    stage.refused("All servers are away", "alice", PASSWORD, "");
    drop(stage);
    machine.run(&format!("sed -i 's/other/s3cret-of-vpn/' {CONF}"));
    asking_back(recipe, &machine, &radius);
    let stage = Stage::start(recipe, SET_UP, &machine);
    machine.run(&format!("rm {CONF}"));
    stage.refused("The module has no configuration", "alice", PASSWORD, "");
    recipe.all_tried();
}

fn asking_back(recipe: &Document, machine: &Machine, radius: &Machine) {
    recipe.set_up(radius, "A RADIUS server to try that with");
    let _daemon = start_freeradius(radius);
    let stage = Stage::start(recipe, ASKS_BACK, machine);
    stage.case_of_person("Two questions", |stage| {
        let alice = stage.person("alice", PASSWORD).answers(&["123456", "7890"]).start();
        alice.connects();
        alice
    });
    for answers in [&["654321"][..], &["123456", "123456"]] {
        stage.case_of_person("A wrong answer", |stage| {
            let alice = stage.person("alice", PASSWORD).answers(answers).start();
            alice.refused();
            assert_eq!(alice.asked().len(), answers.len());
            alice
        });
    }
    let alice = stage.person("alice", "wrong").start();
    alice.refused();
    assert_eq!(alice.asked(), []);
    stage.case_of_person("The client has no auth-retry interact", |stage| {
        let alice = stage.person("alice", PASSWORD).line("auth-retry none").start();
        assert_eq!(alice.outcome(PATIENCE), Outcome::Neither, "it ends");
        alice
    });
    drop(stage);
    let change = |lines: Vec<String>| lines.iter().map(|line| line.replace("challenge=yes ", "")).collect();
    let stage = Stage::start_with(recipe, ASKS_BACK, machine, change);
    stage.refused("The server asks back, and the plugin line has no challenge=yes", "alice", PASSWORD, "");
}
