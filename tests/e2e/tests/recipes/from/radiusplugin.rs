//! From radiusplugin: the same RADIUS server, which decides and keeps accounts before and after.

use harness::proc_table::wait_until;
use harness::{Machine, PATIENCE};

use super::{AFTER, BEFORE, PASSWORD, try_first};
use crate::document::Document;
use crate::radius::{SERVER, start_freeradius};
use crate::stage::{Stage, machine};

const ADDRESSES: &str = "Addresses and routes";
const ACCOUNTS: &str = "/var/log/freeradius/radacct";

pub(super) fn follow(page: &Document) {
    let (machine, radius) = (machine(), Machine::new());
    let (here, there) = machine.netns().connect(radius.netns());
    machine.run(&format!("echo '{there} radius.example.com' >> /etc/hosts"));
    Document::recipe("radius").set_up_with(&radius, SERVER, &[("192.0.2.1", &here.to_string())]);
    let daemon = start_freeradius(&radius);

    page.set_up(&machine, BEFORE);
    // It reads there whether there is a client-config-dir, among others.
    machine.write("/etc/openvpn/server.conf", "status /run/status 1\n", 0o644);
    let before = Stage::start(page, BEFORE, &machine);
    before.refused("Before, a wrong password", "alice", "wrong", "");
    before.client("alice", PASSWORD).connect();
    drop(before);
    accounted(&radius, "Start");
    // The processes of the plugin hold the server's socket a little longer; 04AA is port 1194.
    let held = || machine.try_run("grep -q ':04AA ' /proc/net/udp /proc/net/udp6").status.success();
    assert!(wait_until(PATIENCE, || !held()), "port 1194 is in use");

    page.set_up(&machine, AFTER);
    try_first(page, &machine, PASSWORD);
    let after = Stage::start(page, AFTER, &machine);
    after.refused("A wrong password", "alice", "wrong", "");
    after.case("A client comes and goes", |stage| {
        let mark = stage.server.mark();
        let client = stage.client("alice", PASSWORD).connect();
        stage.server.wait_for(mark, "session opened");
        accounted(&radius, "Start");
        client.disconnect();
        stage.server.wait_for(mark, "session closed");
        accounted(&radius, "Stop");
        client
    });
    drop(daemon);
    after.refused("The server does not answer", "alice", PASSWORD, "");
    drop(after);
    let _daemon = start_freeradius(&radius);
    addresses(page, &machine);
    page.all_tried();
}

/// Waits for an account of this kind, and forgets all.
fn accounted(radius: &Machine, kind: &str) {
    let accounts = || {
        let output = radius.try_run(&format!("find {ACCOUNTS} -type f -exec cat {{}} +"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let line = format!("Acct-Status-Type = {kind}");
    assert!(wait_until(PATIENCE, || accounts().contains(&line)), "no {line} in {}", accounts());
    assert!(accounts().contains("User-Name = \"alice\""), "{}", accounts());
    radius.run(&format!("find {ACCOUNTS} -type f -delete"));
}

fn addresses(page: &Document, machine: &Machine) {
    page.set_up(machine, ADDRESSES);
    let stage = Stage::start(page, ADDRESSES, machine);
    stage.client("alice", PASSWORD).connect();
    for line in ["primary virtual IP for alice/...: 10.8.0.33", "internal route 192.168.101.0/26 -> alice/"] {
        stage.sees(line);
    }
}
