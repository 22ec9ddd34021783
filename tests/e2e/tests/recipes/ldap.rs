//! Accounts of an LDAP directory, alone and with a push to a telephone.

pub(crate) mod groups;
mod push;

use harness::needs::Need;
use harness::requires;
use harness::log::Mark;
use harness::machine::MachineDaemon;
use harness::{Machine, PATIENCE};

use crate::document::Document;
use crate::stage::{Stage, machine};

const SET_UP: &str = "Set up";
const PASSWORD: &str = "correct horse";

/// A directory with alice, who is in the group vpn, and bob, who is not.
const ENTRIES: &str = "\
dn: dc=example,dc=com
objectClass: domain
dc: example

dn: uid=alice,dc=example,dc=com
objectClass: account
objectClass: posixAccount
cn: alice
uid: alice
uidNumber: 5001
gidNumber: 5000
homeDirectory: /nonexistent
userPassword: correct horse

dn: uid=bob,dc=example,dc=com
objectClass: account
objectClass: posixAccount
cn: bob
uid: bob
uidNumber: 5002
gidNumber: 5000
homeDirectory: /nonexistent
userPassword: correct horse

dn: cn=vpn,dc=example,dc=com
objectClass: posixGroup
cn: vpn
gidNumber: 5000
memberUid: alice
";

const SLAPD_CONF: &str = "\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile /etc/ldap/test.crt
TLSCertificateKeyFile /etc/ldap/test.key
access to attrs=userPassword by anonymous auth by * none
access to * by * read
database mdb
suffix dc=example,dc=com
directory /var/lib/ldap/test
";

/// Sets slapd up, with a certificate that the machine trusts, and fills the directory with these entries.
pub(crate) fn prepare(machine: &Machine, entries: &str) {
    machine.write("/etc/ldap/test.conf", SLAPD_CONF, 0o644);
    machine.write("/etc/ldap/test.ldif", entries, 0o644);
    machine.run(&format!(
        "echo '127.0.0.1 ldap.example.com' >> /etc/hosts
         {} -keyout /etc/ldap/test.key -out /etc/ldap/test.crt
         cp /etc/ldap/test.crt /etc/ssl/certs/example-ca.pem
         mkdir -p /var/lib/ldap/test
         slapadd -f /etc/ldap/test.conf -l /etc/ldap/test.ldif",
        certificate()
    ));
}

/// The command that makes a new certificate for the directory, signed by itself.
fn certificate() -> &'static str {
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ldap.example.com \
     -addext subjectAltName=DNS:ldap.example.com"
}

pub(crate) fn start_slapd(machine: &Machine) -> MachineDaemon {
    let daemon = machine.start("slapd", &["-f", "/etc/ldap/test.conf", "-h", "ldap:/// ldaps:///", "-d", "none"]);
    daemon.log().wait_for(Mark::START, "slapd starting", PATIENCE);
    daemon
}

pub(crate) fn start_nslcd(machine: &Machine) -> MachineDaemon {
    machine.run("install -d -o nslcd -g nslcd /run/nslcd");
    let daemon = machine.start("nslcd", &["-d"]);
    daemon.log().wait_for(Mark::START, "accepting connections", PATIENCE);
    daemon
}

pub(crate) fn follow(recipe: &Document) {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let machine = machine();
    prepare(&machine, ENTRIES);
    recipe.set_up(&machine, SET_UP);
    let (slapd, nslcd) = (start_slapd(&machine), start_nslcd(&machine));
    push::follow(recipe, &machine);
    recipe.set_up(&machine, SET_UP);
    let stage = Stage::start(recipe, SET_UP, &machine);
    stage.accepted("The right password", "alice", PASSWORD, "");
    stage.refused("A wrong password", "alice", "wrong", "");
    stage.refused("No such account", "carol", PASSWORD, "");
    stage.refused("Not a member of the group", "bob", PASSWORD, "");
    drop(nslcd);
    machine.run(&format!("{} -keyout /dev/null -out /etc/ssl/certs/example-ca.pem", certificate()));
    let nslcd = start_nslcd(&machine);
    stage.refused("Its certificate is not trusted", "alice", PASSWORD, "");
    drop(slapd);
    stage.refused("The directory is away", "alice", PASSWORD, "");
    drop(nslcd);
    stage.refused("nslcd does not run", "alice", PASSWORD, "");
    recipe.all_tried();
}
