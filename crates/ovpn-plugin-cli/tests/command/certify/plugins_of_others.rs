//! What is found of the plugins that Debian packages, with the servers that they ask: more rows of the table.

use std::path::Path;
use std::process::Command;

use harness::PATIENCE;
use harness::child_process::ChildProcess;
use harness::command::require_root;
use harness::log::{LogPipe, Mark};
use harness::netns::NetNs;
use harness::radius::{self, Radius};
use harness::scratch::Scratch;

use super::plugins::{Row, hold_with, row};
use crate::concurrency::Turn;
use crate::run::{COMMAND, Run};

/// foo may come in.
const ENTRIES: &str = "\
dn: dc=example,dc=com
objectClass: domain
dc: example

dn: cn=foo,dc=example,dc=com
objectClass: person
cn: foo
sn: foo
userPassword: bar
";

const SLAPD_CONF: &str = "\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
modulepath /usr/lib/ldap
moduleload back_mdb
access to attrs=userPassword by anonymous auth by * none
access to * by * read
database mdb
suffix dc=example,dc=com
";

/// As docs/from/openvpn-auth-ldap.md has it, without TLS.
const AUTH_LDAP_CONF: &str = "\
<LDAP>
    URL             ldap://127.0.0.1
    Timeout         15
    TLSEnable       no
    FollowReferrals no
</LDAP>
<Authorization>
    BaseDN          \"dc=example,dc=com\"
    SearchFilter    \"(cn=%u)\"
    RequireGroup    false
</Authorization>
";

/// Runs it where the servers are.
fn certify_in(netns: &NetNs, words: &[&str]) -> Run {
    let _turn = Turn::take();
    let mut command: Command = netns.command("setsid");
    let output = command.args(["--wait", COMMAND, "certify"]).args(words).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Run { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn hold(netns: &NetNs, rows: Vec<Row>) {
    hold_with(rows, |words| certify_in(netns, words));
}

/// A directory of the test's own.
fn slapd(netns: &NetNs, scratch: &Scratch) -> (ChildProcess, LogPipe) {
    let conf = format!("{SLAPD_CONF}directory {}\n", scratch.directory("database", 0o700).display());
    let conf = scratch.write("slapd.conf", &conf, 0o600).display().to_string();
    let entries = scratch.write("entries.ldif", ENTRIES, 0o600).display().to_string();
    let filled = netns.command("slapadd").args(["-f", &conf, "-l", &entries]).output().expect("slapadd");
    assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
    let pipe = LogPipe::new(&scratch.join("slapd.log"));
    let words = ["-f", &conf, "-h", "ldap://127.0.0.1/", "-d", "none"];
    let running = ChildProcess::spawn(netns.command("slapd").args(words), &pipe);
    pipe.log().wait_for(Mark::START, "slapd starting", PATIENCE);
    (running, pipe)
}

#[test]
fn openvpn_auth_ldap() {
    require_root();
    let (netns, scratch) = (NetNs::new(), Scratch::of_root());
    let _slapd = slapd(&netns, &scratch);
    let conf = scratch.write("auth-ldap.conf", AUTH_LDAP_CONF, 0o600).display().to_string();
    let plugin = Path::new("/usr/lib/openvpn/openvpn-auth-ldap.so").to_owned();
    // It never closes its configuration.
    hold(&netns, vec![row(plugin, &[&conf], &[], &["descriptors-exec", "descriptors-left"])]);
}

/// As docs/from/radiusplugin.md has it.
#[test]
fn radiusplugin() {
    require_root();
    let (netns, scratch) = (NetNs::new(), Scratch::of_root());
    let _server = Radius::asking(&netns, "bar", &[]);
    // It looks there for client-config-dir and status.
    let status = scratch.join("status").display().to_string();
    let server = scratch.write("server.conf", &format!("status {status} 1\n"), 0o600).display().to_string();
    let conf = format!(
        "NAS-Identifier=OpenVpn\nService-Type=5\nFramed-Protocol=1\nNAS-Port-Type=5\nNAS-IP-Address=127.0.0.1\n\
         OpenVPNConfig={server}\nsubnet=255.255.255.0\noverwriteccfiles=true\n\
         server\n{{\nacctport=1813\nauthport=1812\nname=127.0.0.1\nretry=1\nwait=5\nsharedsecret={}\n}}\n",
        radius::SECRET
    );
    let conf = scratch.write("radiusplugin.cnf", &conf, 0o600).display().to_string();
    let plugin = Path::new("/usr/lib/openvpn/radiusplugin.so").to_owned();
    // A helper of it stays when it is closed, and when OpenVPN is killed.
    hold(&netns, vec![row(plugin, &[&conf], &["unloads"], &["outlives", "processes-left"])]);
}
