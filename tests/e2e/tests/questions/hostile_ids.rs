//! State ids as nobody sends them who was asked.

use harness::Client;
use harness::needs::Need;
use harness::requires;

use crate::stage::{CODE, PASSWORD, Stage, everywhere};

/// One more sign than the plugin's own ids have, one less, none, all kinds of others.
fn rubbish(id: &str) -> Vec<String> {
    let mut all: Vec<String> = [
        "",
        ":",
        "::",
        "\u{1}\u{2}\u{7f}",
        "\u{ff}\u{fe}",
        "../../../etc/shadow",
        "/dev/full",
        "%s%n",
        "0",
        "-1",
        "'; reboot; '",
        "*",
        " ",
        "R,E:",
        "id\u{0b}",
    ]
    .map(String::from)
    .to_vec();
    all.extend([
        format!("{id}0"),
        id[1..].to_string(),
        id.to_uppercase() + " ",
        "f".repeat(1000),
        id.repeat(20),
    ]);
    all.push(if id.ends_with('0') { format!("{}1", &id[..31]) } else { format!("{}0", &id[..31]) });
    all
}

#[test]
fn are_refused_and_disturb_nobody() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let stage = Stage::new("deferred=yes max-pending=100 penalties=no");
    let supervisor = stage.server.supervisor();
    let alice = stage.server.person("alice", PASSWORD).start();
    let id = alice.question(0).id;
    assert!(id.len() >= 22, "128 bits: {id}");
    let sent = rubbish(&id);
    let clients = sent.iter().enumerate().map(|(number, other)| {
        stage.server.client(&format!("bob{number}"), &format!("CRV1::{other}::{CODE}")).start()
    });
    // All at once: each takes more than a second.
    clients.collect::<Vec<Client>>().iter().for_each(|client| _ = client.wait_refused());
    assert_eq!(stage.server.supervisor().pid, supervisor.pid);
    alice.answer(CODE);
    alice.connects();
}

/// What begins like an answer and is none.
#[test]
fn malformed_answers_are_refused() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    everywhere("penalties=no", |stage| {
        let sent = [
            "CRV1",
            "CRV1:",
            "CRV1::",
            "CRV1:::",
            "CRV1::::",
            "CRV1:a:b:c",
            "CRV1::a",
            "CRV1::a:",
            "CRV1::a:b",
        ];
        let log_in = |(number, sent)| stage.server.client(&format!("bob{number}"), sent).start();
        let clients: Vec<Client> = sent.into_iter().enumerate().map(log_in).collect();
        clients.iter().for_each(|client| _ = client.wait_refused());
        stage.server.person("alice", PASSWORD).answers(&[CODE]).start().connects();
    });
}
