//! Password and code, the secrets in one file.

use std::fs;

use harness::{Machine, command};

use crate::document::Document;
use crate::stage::{Stage, machine};

const SET_UP: &str = "Set up";
const PASSWORD: &str = "correct horse";
const USERS: &str = "/etc/openvpn/oath/users";

/// The code of the app now, or so many steps of 30 s later.
fn code(machine: &Machine, step: i64) -> String {
    let file = machine.path(USERS);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let secret = text.split_whitespace().nth(3).unwrap_or_default();
    let when = format!("now {} seconds", 30 * step);
    let output = command::run("oathtool", &["--totp", "--now", &when, secret]);
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}

pub(crate) fn follow(recipe: &Document) {
    let machine = machine();
    machine.run(&format!("useradd alice; echo 'alice:{PASSWORD}' | chpasswd"));
    recipe.set_up(&machine, SET_UP);
    let stage = Stage::start(recipe, SET_UP, &machine);
    let used = code(&machine, 0);
    stage.accepted("Password and code", "alice", PASSWORD, &used);
    stage.refused("The code was used already", "alice", PASSWORD, &used);
    stage.refused("A wrong code", "alice", PASSWORD, "000000");
    stage.refused("A wrong password", "alice", "wrong", &code(&machine, 1));
    stage.case("The client does not ask for a code", |stage| {
        let client = stage.server.client("alice", PASSWORD).typed("").line("auth-user-pass").start();
        client.wait_refused();
        client
    });
    machine.run("useradd bob; echo 'bob:correct horse' | chpasswd");
    stage.refused("The user is not in the file", "bob", PASSWORD, "000000");
    machine.run("sed -i 's/window=3/window=3 debug/' /etc/pam.d/openvpn");
    stage.refused("With debug", "alice", PASSWORD, "000000");
    token_that_counts(&stage, &machine);
    machine.run(&format!("rm {USERS}"));
    stage.refused("The file is missing", "alice", PASSWORD, "000000");
    recipe.all_tried();
}

/// The recipe says that a hardware token works too.
fn token_that_counts(stage: &Stage<'_>, machine: &Machine) {
    let secret = "31323334353637383930313233343536373839";
    machine.run(&format!("useradd carol; echo 'carol:{PASSWORD}' | chpasswd"));
    machine.run(&format!("echo 'HOTP/E/6 carol - {secret}' >> {USERS}"));
    for counter in ["0", "1"] {
        let output = command::run("oathtool", &["--hotp", "--counter", counter, secret]);
        let code = String::from_utf8_lossy(&output.stdout).trim().to_string();
        stage.client_with_code("carol", PASSWORD, &code).start().wait_connected();
    }
}
