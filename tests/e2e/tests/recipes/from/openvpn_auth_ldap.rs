//! From openvpn-auth-ldap: the same directory and the same users, before and after.

use harness::needs::Need;
use harness::requires;
use super::{AFTER, BEFORE, PASSWORD, try_first};
use crate::document::Document;
use crate::ldap;
use crate::stage::{Stage, machine};

/// Alice may come in. Bob is in no group, carol is not active.
pub(super) const ENTRIES: &str = "\
dn: dc=example,dc=com
objectClass: domain
dc: example

dn: ou=People,dc=example,dc=com
objectClass: organizationalUnit
ou: People

dn: ou=Groups,dc=example,dc=com
objectClass: organizationalUnit
ou: Groups

dn: uid=alice,ou=People,dc=example,dc=com
objectClass: inetOrgPerson
cn: alice
sn: alice
uid: alice
employeeType: active
userPassword: correct horse

dn: uid=bob,ou=People,dc=example,dc=com
objectClass: inetOrgPerson
cn: bob
sn: bob
uid: bob
employeeType: active
userPassword: correct horse

dn: uid=carol,ou=People,dc=example,dc=com
objectClass: inetOrgPerson
cn: carol
sn: carol
uid: carol
employeeType: left
userPassword: correct horse

dn: cn=artists,ou=Groups,dc=example,dc=com
objectClass: groupOfUniqueNames
cn: artists
uniqueMember: uid=alice,ou=People,dc=example,dc=com
uniqueMember: uid=carol,ou=People,dc=example,dc=com
";

pub(super) fn follow(page: &Document) {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let machine = machine();
    ldap::prepare(&machine, ENTRIES);
    let _slapd = ldap::start_slapd(&machine);
    page.set_up(&machine, BEFORE);
    let before = Stage::start(page, BEFORE, &machine);
    before.refused("Before, a wrong password", "alice", "wrong", "");
    users(&before);
    drop(before);

    page.set_up(&machine, AFTER);
    let _nslcd = ldap::start_nslcd(&machine);
    try_first(page, &machine, PASSWORD);
    let after = Stage::start(page, AFTER, &machine);
    after.refused("A wrong password", "alice", "wrong", "");
    after.refused("Not a member of a group", "bob", PASSWORD, "");
    users(&after);
    drop(after);

    // The way back.
    users(&Stage::start(page, BEFORE, &machine));
    page.all_tried();
}

fn users(stage: &Stage<'_>) {
    stage.client("alice", PASSWORD).connect();
    for user in ["bob", "carol", "nobody-of-that-name"] {
        stage.client(user, PASSWORD).start().wait_refused();
    }
}
