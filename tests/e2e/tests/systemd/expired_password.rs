//! expired-password.conf: without it, users of the machine's own accounts cannot choose a new password when theirs has expired.

use harness::{Machine, PamDir, command};

use crate::Place;
use crate::unit::Unit;

const OLD: &str = "correct horse";
const NEW: &str = "battery staple 7";
const STACK: &str = "\
    auth required pam_unix.so nodelay\n\
    account required pam_unix.so\n\
    password required pam_unix.so sha512\n";

/// Alice has to change her password, and types a new one as often as she is asked; whether she gets in with it.
fn gets_a_new_password(unit: &Unit) -> bool {
    let (machine, place, services) = (Machine::new(), Place::new(), PamDir::new());
    services.service("expired", STACK);
    let hash = command::run("openssl", &["passwd", "-6", OLD]);
    let hash = String::from_utf8_lossy(&hash.stdout).trim().to_owned();
    machine.run(&format!(
        "echo 'alice:x:4001:65534::/:/usr/sbin/nologin' >> /etc/passwd; \
         echo 'alice:{hash}:0:0:99999:7:::' >> /etc/shadow"
    ));
    let line = || machine.run("grep ^alice: /etc/shadow").stdout;
    let before = line();
    let config = place.auth_pam("deferred=yes change-expired=yes", services.path(), "expired").dropped();
    let server = unit.around(config.on(&machine), None).start();
    let alice = server.person("alice", OLD).answers(&[NEW; 12]).start();
    if !unit.capabilities.contains("CAP_CHOWN") {
        alice.refused();
        assert!(line() == before, "the password is another one");
        return false;
    }
    alice.connects();
    assert!(line() != before, "the password is the same");
    server.client("alice", NEW).start().wait_connected();
    true
}

#[test]
fn a_new_password_needs_expired_password_conf() {
    for unit in [Unit::of_2_6(), Unit::of_openvpn_at()] {
        // A limit on processes is not what this is about.
        let unit = Unit { tasks: None, processes_of_a_user: None, ..unit };
        assert!(!gets_a_new_password(&unit), "{unit:?}");
        assert!(gets_a_new_password(&unit.with_drop_in("expired-password.conf")));
    }
}
