//! Groups of the directory, and what their members get.

use harness::needs::Need;
use harness::requires;
use super::{ENTRIES, PASSWORD, SET_UP, prepare, start_nslcd, start_slapd};
use crate::document::Document;
use crate::stage::{Stage, machine};

/// Both are in office, one is in admin, both may use the VPN.
const GROUPS: &str = "\
dn: cn=office,dc=example,dc=com
objectClass: posixGroup
cn: office
gidNumber: 5010
memberUid: alice
memberUid: bob

dn: cn=admin,dc=example,dc=com
objectClass: posixGroup
cn: admin
gidNumber: 5011
memberUid: alice
";

const ALICES: &str = "/etc/openvpn/clients/user/alice";

/// Those of the other recipe, with bob in the group that may use the VPN, and these groups.
fn entries() -> String {
    let entries = ENTRIES.replace("memberUid: alice\n", "memberUid: alice\nmemberUid: bob\n");
    format!("{entries}\n{GROUPS}")
}

pub(crate) fn follow(recipe: &Document) {
    requires!(Need::Glibc(2, 33), "a running process does not see that /etc/nsswitch.conf has changed");
    let machine = machine();
    prepare(&machine, &entries());
    recipe.set_up(&machine, SET_UP);
    let daemons = (start_slapd(&machine), start_nslcd(&machine));
    let stage = Stage::start(recipe, SET_UP, &machine);
    stage.accepted("In both groups", "alice", PASSWORD, "");
    stage.accepted("In one of them", "bob", PASSWORD, "");
    let right = machine.run(&format!("cat {ALICES}")).stdout;
    machine.write(ALICES, "route 10.23.7.0 255.255.255.0\n", 0o644);
    stage.refused("A mistake in a file, made while OpenVPN runs", "alice", PASSWORD, "");
    machine.write(ALICES, &right, 0o646);
    stage.refused("Others than root could change a file", "alice", PASSWORD, "");
    machine.write(ALICES, &right, 0o644);
    machine.run("sed -i 's/ ldap$//' /etc/nsswitch.conf");
    stage.accepted("The name service does not know the group", "alice", PASSWORD, "");
    recipe.all_tried();
    drop(daemons);
}
