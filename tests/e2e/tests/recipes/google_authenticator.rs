//! Password and code of an authenticator app.

use harness::needs::Need;
use harness::requires;
use harness::{Machine, command};

use crate::document::Document;
use crate::stage::{Stage, machine};

const SET_UP: &str = "Set up";
const BY_QUESTION: &str = "By question";
const COMBINED: &str = "Without static challenge";
const PASSWORD: &str = "correct horse";
const SECRET: &str = "/var/lib/google-authenticator/alice";

/// The code of the app now, or so many steps of 30 s later: one that was used is not taken again.
fn code(machine: &Machine, step: i64) -> String {
    let file = machine.path(SECRET);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let secret = text.lines().next().unwrap_or_default();
    let when = format!("now {} seconds", 30 * step);
    let output = command::run("oathtool", &["--totp", "--base32", "--now", &when, secret]);
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}

/// Forgets which codes were used, and how many were tried of late.
fn afresh(machine: &Machine) {
    machine.run(&format!("cp -p {SECRET}.new {SECRET}"));
}

pub(crate) fn follow(recipe: &Document) {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let machine = machine();
    machine.run(&format!("useradd alice; echo 'alice:{PASSWORD}' | chpasswd"));
    recipe.set_up(&machine, SET_UP);
    machine.run(&format!("cp -p {SECRET} {SECRET}.new"));
    at_each_login(recipe, &machine);
    later(recipe, &machine);
    by_question(recipe, &machine);
    combined(recipe, &machine);
    recipe.all_tried();
}

fn at_each_login(recipe: &Document, machine: &Machine) {
    let stage = Stage::start(recipe, SET_UP, machine);
    let used = code(machine, 0);
    stage.accepted("Password and code", "alice", PASSWORD, &used);
    stage.refused("The code was used already", "alice", PASSWORD, &used);
    stage.refused("A wrong code", "alice", PASSWORD, "000000");
    stage.refused("Too many attempts", "alice", PASSWORD, &code(machine, 1));
    afresh(machine);
    stage.refused("A wrong password", "alice", "wrong", &code(machine, 0));
    machine.run(&format!("chmod 0644 {SECRET}"));
    stage.refused("The secret can be read by others", "alice", PASSWORD, &code(machine, 1));
    machine.run(&format!("rm {SECRET}"));
    stage.refused("The user has no secret", "alice", PASSWORD, "000000");
    afresh(machine);
    stage.case("The client does not ask for a code", |stage| {
        let client = stage.server.client("alice", PASSWORD).typed("").line("auth-user-pass").start();
        client.wait_refused();
        client
    });
}

/// What renegotiation does, which by default comes after an hour.
fn later(recipe: &Document, machine: &Machine) {
    for (name, token) in [("An hour later", true), ("An hour later, without auth-gen-token", false)] {
        afresh(machine);
        let stage = Stage::start_with(recipe, SET_UP, machine, |mut lines| {
            lines.retain(|line| token || !line.starts_with("auth-gen-token"));
            lines
        });
        stage.case(name, |stage| {
            let client = stage.client_with_code("alice", PASSWORD, &code(machine, 0)).line("reneg-sec 3").start();
            client.wait_connected();
            client
        });
    }
}

fn by_question(recipe: &Document, machine: &Machine) {
    afresh(machine);
    let stage = Stage::start(recipe, BY_QUESTION, machine);
    stage.case_of_person("The code is asked for", |stage| {
        let alice = stage.person("alice", PASSWORD).answers(&[&code(machine, 0)]).start();
        alice.connects();
        alice
    });
    stage.case_of_person("By question, a wrong code", |stage| {
        let alice = stage.person("alice", PASSWORD).answers(&["000000"]).start();
        alice.refused();
        alice
    });
    afresh(machine);
    let alice = stage.person("alice", "wrong").answers(&[&code(machine, 0)]).start();
    alice.refused();
    assert_eq!(alice.asked().len(), 1, "the password is not told to be wrong before");
    drop((alice, stage));
    afresh(machine);
    let without_token = |mut lines: Vec<String>| {
        lines.retain(|line| !line.starts_with("auth-gen-token"));
        lines
    };
    let stage = Stage::start_with(recipe, BY_QUESTION, machine, without_token);
    stage.case_of_person("By question, an hour later, without auth-gen-token", |stage| {
        let alice = stage.person("alice", PASSWORD).line("reneg-sec 3").answers(&[&code(machine, 0)]);
        let alice = alice.start();
        alice.connects();
        alice
    });
    drop(stage);
    machine.run("sed -i '1s/required/requisite/' /etc/pam.d/openvpn");
    let stage = Stage::start(recipe, BY_QUESTION, machine);
    let alice = stage.person("alice", "wrong").start();
    alice.refused();
    assert_eq!(alice.asked(), []);
}

fn combined(recipe: &Document, machine: &Machine) {
    recipe.set_up(machine, COMBINED);
    afresh(machine);
    let stage = Stage::start(recipe, COMBINED, machine);
    let both = |step| format!("{PASSWORD}{}", code(machine, step));
    stage.accepted("Password and code in one", "alice", &both(0), "");
    stage.refused("In one, and the code is missing", "alice", PASSWORD, "");
}
