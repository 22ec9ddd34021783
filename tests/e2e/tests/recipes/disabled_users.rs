//! A user whose account is disabled is put out of the VPN.

use harness::needs::Need;
use harness::requires;
use nix::sys::signal::Signal;

use crate::document::Document;
use crate::stage::{Stage, examine, machine};

const SET_UP: &str = "Set up";
const PASSWORD: &str = "correct horse";

/// Ten minutes are too long for a test, and so is half an hour for a secret that is not there.
fn sooner(lines: Vec<String>) -> Vec<String> {
    let change = |line: String| match line.as_str() {
        "reneg-sec 600" => "reneg-sec 8".into(),
        "auth-gen-token 43200 external-auth" => "auth-gen-token 43200 120 external-auth".into(),
        _ => line,
    };
    lines.into_iter().map(change).collect()
}

pub(crate) fn follow(recipe: &Document) {
    requires!(Need::Openvpn(2, 6, 0), "auth-gen-token has no time after which a token is renewed");
    let machine = machine();
    machine.run(&format!("useradd alice; echo 'alice:{PASSWORD}' | chpasswd"));
    recipe.set_up(&machine, SET_UP);
    {
        let stage = Stage::start_with(recipe, SET_UP, &machine, sooner);
        // The recipe says itself which OpenVPN it needs.
        if let Err(said) = examine(&machine, stage.server.config_file()) {
            assert!(said.contains("[external-auth]") && said.contains(": 1 warning"), "{said}");
        }
        let connect = || stage.client("alice", PASSWORD).connect();
        stage.case("Keys are renegotiated", |_| {
            let client = connect();
            stage.sees("PLUGIN AUTH-PAM: BACKGROUND: user 'alice' authenticated; by auth-token");
            client
        });
        stage.case("The account is only locked", |_| {
            let client = connect();
            machine.run("passwd --lock alice");
            stage.server.wait_for(stage.server.mark(), "authenticated; by auth-token");
            machine.run("passwd --unlock alice");
            client
        });
        stage.case("The account is disabled", |_| {
            let client = connect();
            recipe.set_up(&machine, "Disable a user");
            client
        });
        machine.run("chage --expiredate -1 alice");
        stage.case("The group is lost", |_| {
            let client = connect();
            recipe.set_up(&machine, "Take a user out of the group");
            client
        });
        machine.run("gpasswd --add alice vpn");
    }
    let without_secret = |lines: Vec<String>| {
        lines.into_iter().filter(|line| !line.starts_with("auth-gen-token-secret")).collect::<Vec<_>>()
    };
    let client = {
        let stage = Stage::start_with(recipe, SET_UP, &machine, without_secret);
        stage.client("alice", PASSWORD).connect()
    };
    let stage = Stage::start_with(recipe, SET_UP, &machine, without_secret);
    stage.case("Another key", |_| {
        client.signal(Signal::SIGUSR1);
        client
    });
    recipe.all_tried();
}
