//! A RADIUS server that keeps accounts, compared with what a client has really moved.

use harness::needs::Need;
use harness::requires;
use std::fs;

use harness::log::Mark;
use harness::proc_table::{self, wait_until};
use harness::{Client, Machine, PATIENCE};

use super::radius::{SERVER, start_freeradius};
use crate::document::{Document, matches};
use crate::stage::{Stage, machine};

const SET_UP: &str = "Set up";
const ACCOUNTS: &str = "What the accounts hold";
const PASSWORD: &str = "correct horse";
const SECRET: &str = "s3cret-of-vpn";
const PROGRAM: &str = "/etc/openvpn/radius-accounting";
/// Much more one way than the other.
const PACKETS: u64 = 300;
const PACKET_BYTES: u64 = 1000;
/// Goodbyes, and packets that only one side counts.
const SOME_PACKETS: u64 = 3000;

/// The lines of one account.
struct Account(Vec<String>);

impl Account {
    fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
        found.map(|value| value.trim_matches('"'))
    }

    fn number(&self, name: &str) -> u64 {
        self.value(name).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name}: {:?}", self.0))
    }

    /// The attributes that the recipe shows, and no others but FreeRADIUS's own.
    fn is(&self, quoted: &[String]) {
        for line in quoted {
            let line = line.replace("192.0.2.7", "...");
            assert!(self.0.iter().any(|held| matches(held, &line)), "no {line} in {:#?}", self.0);
        }
        let own = ["Event-Timestamp", "Tmp-String-9", "Acct-Unique-Session-Id", "Timestamp", "NAS-IP-Address"];
        let sent = self.0.iter().skip(1).filter(|line| !own.iter().any(|own| line.starts_with(own))).count();
        assert_eq!(sent, quoted.len(), "{:#?}", self.0);
    }
}

/// Waits until the RADIUS server has written so many.
fn accounts(radius: &Machine, count: usize) -> Vec<Account> {
    let text = || {
        let found = radius.try_run("cat /var/log/freeradius/radacct/*/detail-*").stdout;
        String::from_utf8_lossy(&found).into_owned()
    };
    let parsed = |text: &str| -> Vec<Account> {
        let records = text.split("\n\n").filter(|record| record.contains("\tTimestamp = "));
        records.map(|record| Account(record.trim().lines().map(|line| line.trim().into()).collect())).collect()
    };
    let there = wait_until(PATIENCE, || parsed(&text()).len() >= count);
    let accounts = parsed(&text());
    assert!(there && accounts.len() == count, "not {count}: {}", text());
    accounts
}

pub(crate) fn follow(recipe: &Document) {
    requires!(Need::Openvpn(2, 6, 0), "disable-dco is no option");
    let (machine, radius) = (machine(), Machine::new());
    let (here, there) = machine.netns().connect(radius.netns());
    machine.run(&format!("echo '{there} radius1.example.com' >> /etc/hosts"));
    recipe.set_up_with(&radius, SERVER, &[("192.0.2.1", &here.to_string())]);
    recipe.set_up(&machine, SET_UP);
    let _daemon = start_freeradius(&radius);
    let stage = Stage::start(recipe, SET_UP, &machine);
    what_was_moved(recipe, &stage, &radius);
    the_client_chooses_a_name_only(&machine, &radius);
    without_a_server(&stage, &machine);

    let alice = || stage.client("alice", PASSWORD).connect();
    let client = alice();
    let lost = |stage: &Stage<'_>| {
        let all = stage.server.netns().processes();
        all.iter().filter(|it| it.name == "auth-pam-worker").for_each(|it| proc_table::kill9(it.pid));
    };
    stage.seen("The process of a session is killed", lost);
    client.disconnect();
    let before = 4;
    accounts(&radius, before + 1 + 1);

    let _client = alice();
    accounts(&radius, before + 3);
    stage.seen("OpenVPN is killed", |stage| stage.server.kill9());
    let stop = &accounts(&radius, before + 4)[before + 3];
    assert_eq!((stop.value("Acct-Status-Type"), stop.value("Acct-Terminate-Cause")), (Some("Stop"), Some("NAS-Reboot")));
    assert_eq!((stop.value("Acct-Input-Octets"), stop.value("Acct-Output-Octets")), (None, None));
    assert!(stop.number("Acct-Session-Time") < 100);
    recipe.all_tried();
}

/// The accounts have what the client itself has counted.
fn what_was_moved(recipe: &Document, stage: &Stage<'_>, radius: &Machine) {
    let client = stage.seen("Connected", |stage| stage.client("alice", PASSWORD).with_tunnel().connect());
    let start = &accounts(radius, 1)[0];
    start.is(&recipe.quoted(ACCOUNTS, "When alice connects"));
    send(&client);
    let (sent, received) = client.link_bytes();
    assert!(sent > PACKETS * PACKET_BYTES && sent > 2 * received, "{sent} {received}");
    stage.seen("Gone", |_| client.disconnect());
    let stop = &accounts(radius, 2)[1];
    stop.is(&recipe.quoted(ACCOUNTS, "When she is gone"));
    for (name, counted) in [("Acct-Input-Octets", sent), ("Acct-Output-Octets", received)] {
        let accounted = stop.number(name);
        assert!(accounted.abs_diff(counted) < SOME_PACKETS, "{name}: {accounted}, the client: {counted}");
    }
    for name in ["Acct-Session-Id", "Framed-IP-Address", "Calling-Station-Id"] {
        assert_eq!(start.value(name), stop.value(name), "{name}");
    }
    // What the server says of the same session.
    let log = stage.server.log();
    let opened = log.wait_for(Mark::START, "user 'alice': session opened", PATIENCE).text;
    let said = |name: &str| stop.value(name).map(String::from).unwrap_or_default();
    let reference = said("Acct-Session-Id").split('-').next().map(String::from).unwrap_or_default();
    for part in [format!("address {} (", said("Framed-IP-Address")), format!("({}:", said("Calling-Station-Id"))] {
        assert!(opened.contains(&part), "{part}: {opened}");
    }
    assert!(opened.ends_with(&format!(", reference {reference})")), "{reference}: {opened}");
    let closed = log.wait_for(Mark::START, "user 'alice': session closed", PATIENCE).text;
    let (input, output) = (said("Acct-Input-Octets"), said("Acct-Output-Octets"));
    assert!(closed.contains(&format!(" s, {input} bytes received, {output} bytes sent")), "{closed}");
}

/// Datagrams that nobody takes.
fn send(client: &Client) {
    let script = format!(
        "for _ in $(seq {PACKETS}); do head -c {PACKET_BYTES} /dev/zero > /dev/udp/10.8.0.1/9; done"
    );
    let done = client.tunnel().command("bash").args(["-ec", &script]).output();
    let done = done.unwrap_or_else(|error| panic!("bash: {error}"));
    assert!(done.status.success(), "{done:?}");
    // The server has read them all when it answers.
    client.ping().finish();
}

/// Whatever it is, it ends up in one attribute; and large numbers are split.
fn the_client_chooses_a_name_only(machine: &Machine, radius: &Machine) {
    for (number, name) in [r#"it's "%{x}", Class = "y" `id` \"#, r"\', Class = 'y'"].iter().enumerate() {
        let quoted = name.replace('\'', r"'\''");
        machine.run(&format!(
            "env -i PAM_TYPE=close_session PAM_SERVICE=openvpn PAM_USER='{quoted}' OPENVPN_REFERENCE=345YZ OPENVPN_OPENED=7 \
             OPENVPN_BYTES_RECEIVED=10000000000 OPENVPN_BYTES_SENT=4294967295 OPENVPN_CLOSE_REASON=disconnected {PROGRAM}"
        ));
        let account = &accounts(radius, 3 + number)[2 + number];
        let shown = format!("User-Name = \"{}\"", name.replace('\\', r"\\").replace('"', "\\\""));
        assert!(account.0.contains(&shown), "{shown}: {:#?}", account.0);
        assert_eq!(account.value("Class"), None, "{:#?}", account.0);
        for (name, expected) in [("Input-Octets", 1_410_065_408), ("Input-Gigawords", 2), ("Output-Octets", 4_294_967_295), ("Output-Gigawords", 0)] {
            assert_eq!(account.number(&format!("Acct-{name}")), expected, "{name}");
        }
    }
}

/// Nobody answers at that port.
fn without_a_server(stage: &Stage<'_>, machine: &Machine) {
    let alice = || stage.client("alice", PASSWORD);
    let client = alice().connect();
    machine.run(&format!("sed -i s/:1813/:1899/ {PROGRAM}"));
    stage.seen("The RADIUS server does not answer at the end", |_| client.disconnect());
    stage.case("The RADIUS server does not answer at the start", |stage| {
        let client = alice().start();
        let mut words = String::new();
        assert!(wait_until(PATIENCE, || {
            let all = stage.server.netns().processes();
            let found = all.iter().find(|process| process.name == "radclient");
            words = found.map(|it| fs::read_to_string(format!("/proc/{}/cmdline", it.pid)).unwrap_or_default()).unwrap_or_default();
            words.contains("acct")
        }));
        assert!(!words.contains(SECRET), "{words}");
        client.wait_refused();
        client
    });
    machine.run(&format!("sed -i s/:1899/:1813/ {PROGRAM}"));
}
