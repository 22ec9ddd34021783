//! From openvpn-otp: the secrets converted, with PIN and without, TOTP and HOTP; alone, and beside a password of LDAP.

use harness::{Machine, command};

use super::openvpn_auth_ldap::ENTRIES;
use super::{AFTER, BEFORE, PASSWORD, try_first};
use crate::document::Document;
use crate::ldap;
use crate::stage::{Stage, machine};

const BESIDE: &str = "Beside a password";
const ALICE: &str = "K7BYLIU5D2V33X6S";
const BOB: &str = "LJYHR64TUI7IL3RD";
/// The text of carol's secret, in hexadecimal.
const CAROL: &str = "3331343135393236353335383937393332333834";
const DAVE: &str = "5c5a75a87ba1b48cb0b6adfd3b7a5a0e";
/// Where openvpn-otp has a file for each counter.
const COUNTERS: &str = "/var/spool/openvpn/hotp-counters";

pub(super) fn follow(page: &Document) {
    let machine = machine();
    // The old plugin is not packaged.
    page.conf(BEFORE, "server.conf");
    page.conf(BEFORE, "client.conf");
    page.set_up(&machine, BEFORE);
    machine.run(&format!(
        "mkdir -p {COUNTERS}; printf 5 > {COUNTERS}/$(printf 31415926535897932384 | sha1sum | cut -c -40)"
    ));
    let said = page.set_up_with(&machine, AFTER, &[]);
    assert_eq!(said, "erin: left out: motp\n");
    let used = format!("1234{}", totp(ALICE, 0));
    try_first(page, &machine, &used);

    let stage = Stage::start(page, AFTER, &machine);
    let code = totp(ALICE, 1);
    for typed in [&code, &format!("4321{code}"), &used] {
        stage.refused("A wrong PIN or code, or one that was used", "alice", typed, "");
    }
    stage.accepted("A code is accepted", "alice", &format!("1234{code}"), "");
    stage.client("bob", &totp(BOB, 0)).connect();
    stage.client("carol", &hotp(4)).start().wait_refused();
    for counter in [5, 6] {
        stage.client("carol", &hotp(counter)).connect();
    }
    let code = oathtool(&["--totp", "--time-step-size=60", DAVE]);
    stage.client("dave", &format!("6543{code}")).connect();
    stage.refused("No secret", "erin", "6543123456", "");
    drop(stage);
    way_back(&machine);
    beside(page, &machine);
    page.all_tried();
}

/// The page says how to find the counter for openvpn-otp.
fn way_back(machine: &Machine) {
    let line = machine.run("grep -w carol /etc/openvpn/oath/users | cut -f 5");
    assert_eq!(String::from_utf8_lossy(&line.stdout), "6\n", "the counter of the last login");
}

fn beside(page: &Document, machine: &Machine) {
    ldap::prepare(machine, ENTRIES);
    Document::read("docs/from/openvpn-auth-ldap.md").set_up(machine, AFTER);
    let (_slapd, _nslcd) = (ldap::start_slapd(machine), ldap::start_nslcd(machine));
    page.set_up(machine, BESIDE);
    let stage = Stage::start(page, BESIDE, machine);
    let response = format!("1234{}", totp(ALICE, 2));
    stage.client_with_code("alice", "wrong", &response).start().wait_refused();
    let code = totp(ALICE, 3);
    stage.client_with_code("alice", PASSWORD, &code).start().wait_refused();
    stage.client_with_code("alice", PASSWORD, &format!("1234{code}")).connect();
}

/// The code of an app so many steps from now: one that was used is not taken again.
fn totp(secret: &str, step: i64) -> String {
    oathtool(&["--totp", "--base32", "--now", &format!("now {} seconds", 30 * step), secret])
}

fn hotp(counter: u32) -> String {
    oathtool(&["--hotp", "--counter", &counter.to_string(), CAROL])
}

fn oathtool(arguments: &[&str]) -> String {
    String::from_utf8_lossy(&command::run("oathtool", arguments).stdout).trim().to_string()
}
