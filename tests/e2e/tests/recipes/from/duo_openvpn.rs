//! From duo_openvpn: pam_duo with a service of the test's own, and without one.

use harness::Machine;

use super::duo_service::{AUTHORITY, DuoService, PASSCODE};
use super::{AFTER, BEFORE, try_first};
use crate::document::Document;
use crate::stage::{Stage, machine};

const CONF: &str = "/etc/security/pam_duo.conf";
/// The common name of the page's certificate, and of the one here.
const COMMON_NAME: [&str; 2] = ["alice", "client"];

pub(super) fn follow(page: &Document) {
    let machine = machine();
    // The old plugin is not packaged.
    page.conf(BEFORE, "server.conf");
    page.conf(BEFORE, "client.conf");
    page.set_up(&machine, AFTER);
    machine.run("useradd --no-create-home client");
    let service = DuoService::start(&machine);
    trust(&machine);
    try_first(page, &machine, "push");
    let asked = service.asked().join("\n");
    assert!(asked.contains("user=alice") && asked.contains("auto=push"), "{asked}");

    let stage = Stage::start(page, AFTER, &machine);
    for typed in ["push", PASSCODE] {
        accepted(&stage, typed);
        let asked = service.asked().join("\n");
        assert!(asked.contains("user=client") && asked.contains("ipaddr=127.0.0.1"), "{asked}");
    }
    let mark = stage.server.mark();
    refused(&stage, "A wrong passcode", "654321");
    let asked = service.asked();
    // Once a login: a client whose refusal was lost has come again.
    let logins = stage.server.log().count(mark, "user 'client' failed to authenticate");
    let passcodes = asked.iter().filter(|line| line.starts_with("/rest/v1/auth.bson")).count();
    assert_eq!(passcodes, logins, "{asked:#?}");
    machine.run("userdel client");
    refused(&stage, "The machine does not know the user", PASSCODE);
    machine.run("useradd --no-create-home client");
    drop(service);
    refused(&stage, "Duo cannot be asked", PASSCODE);
    machine.run(&format!("chmod 0644 {CONF}"));
    refused(&stage, "The file can be read by others", PASSCODE);
    machine.run(&format!("rm {CONF}"));
    stage.client("client", PASSCODE).start().wait_refused();
    page.all_tried();
}

/// pam_duo has Duo's authorities built in, and those of a test only if its file says so.
fn trust(machine: &Machine) {
    machine.run(&format!("echo 'cafile = {AUTHORITY}' >> {CONF}"));
}

fn accepted(stage: &Stage<'_>, typed: &str) {
    stage.case_where("Accepted", COMMON_NAME, |stage| {
        let client = stage.client("client", typed).start();
        client.wait_connected();
        client
    });
}

fn refused(stage: &Stage<'_>, name: &str, typed: &str) {
    stage.case_where(name, COMMON_NAME, |stage| {
        let client = stage.client("client", typed).start();
        client.wait_refused();
        client
    });
}
