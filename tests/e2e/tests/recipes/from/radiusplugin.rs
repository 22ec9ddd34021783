//! From radiusplugin: the same RADIUS server, which decides and keeps accounts before and after.


use harness::Machine;

use super::{AFTER, BEFORE, PASSWORD, try_first};
use crate::document::Document;
use crate::radius::{SERVER, start_freeradius};
use crate::stage::{Stage, machine};

pub(super) fn follow(page: &Document) {
    let (machine, radius) = (machine(), Machine::new());
    let (here, there) = machine.netns().connect(radius.netns());
    machine.run(&format!("echo '{there} radius.example.com' >> /etc/hosts"));
    Document::recipe("radius").set_up_with(&radius, SERVER, &[("192.0.2.1", &here.to_string())]);
    let _daemon = start_freeradius(&radius);

    page.set_up(&machine, BEFORE);
    machine.write("/etc/openvpn/server.conf", "status /run/status 1\n", 0o644);
    let before = Stage::start(page, BEFORE, &machine);
    login(&before);
    drop(before);

    page.set_up(&machine, AFTER);
    try_first(page, &machine, PASSWORD);
    let after = Stage::start(page, AFTER, &machine);
    login(&after);
    page.all_tried();
}

fn login(stage: &Stage<'_>) {
    stage.client("alice", PASSWORD).connect();
    stage.client("alice", "wrong").start().wait_refused();
}
