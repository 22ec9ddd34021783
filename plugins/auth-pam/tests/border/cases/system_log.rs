//! The system log: audit lines stay whole, and OpenVPN's own connection to it is not the supervisor's.

use nix::syslog::{Facility, Priority, Severity, syslog};
use ovpn_plugin_host::Login;

use crate::dev_log::DevLog;
use crate::stage::{PATIENCE, Stage, become_nobody, deferred, user, user_with};

fn sockets(pid: i32) -> Vec<String> {
    let all = harness::proc_table::descriptors(pid).into_iter().map(|(_, link)| link);
    all.filter(|link| link.starts_with("socket:")).collect()
}

/// A shared socket can be connected to somewhere else by whoever holds it: audit lines would go there, or block.
pub(crate) fn the_supervisor_keeps_no_socket_of_openvpns() {
    let log = DevLog::open();
    let own = i32::try_from(std::process::id()).unwrap();
    let other = Priority::new(Severity::LOG_INFO, Facility::LOG_DAEMON);
    for daemon in ["0", "1"] {
        // As OpenVPN does with --daemon: then its connection is open.
        syslog(other, "OpenVPN starts").unwrap();
        log.wait_for("OpenVPN starts");
        let before = sockets(own);
        assert!(before.len() >= 2, "no connection to the log: {before:?}");
        let child = privsep::fork_child(|| {
            let stage = opened(daemon);
            stage.login(&user("good"));
            log.wait_for("login accepted: address=192.0.2.7");
            for helper in [&[stage.supervisor()][..], &stage.workers()].concat() {
                let held = sockets(helper);
                assert!(
                    !held.iter().any(|socket| before.contains(socket)),
                    "{helper} holds one of {before:?}: {held:?}"
                );
            }
            become_nobody();
            stage.login(&user("nothing"));
            log.wait_for("login rejected: address=192.0.2.7");
            drop(stage);
            privsep::leave(0)
        });
        wait_for_success(child.unwrap());
    }
}

fn opened(daemon: &str) -> Stage {
    Stage::open_with(&[("verb", "1"), ("daemon", daemon)], &["syslog=auth"])
}

fn wait_for_success(child: nix::unistd::Pid) {
    assert!(harness::proc_table::wait_gone(child.as_raw(), PATIENCE));
    loop {
        match privsep::reap_any() {
            privsep::Reaped::Child(pid, how) if pid == child => {
                return assert_eq!(how, privsep::Ended::Exited(0));
            }
            privsep::Reaped::Child(..) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Log and audit line name both: who asked, and whom PAM has checked.
pub(crate) fn a_user_whom_a_module_renames_is_refused_unless_that_is_allowed() {
    let log = DevLog::open();
    let stage = Stage::open(&["syslog=auth"]);
    let login = user_with("rename", "root");
    let told = "the PAM service succeeded for another user than the one that asked (see allow-user-mapping)";
    for login in [login.clone(), deferred(login.clone())] {
        stage.refuses(&login, &format!("user 'rename' failed to authenticate: {told}; PAM checked 'root'"));
        let line = log.wait_for("AUTH-PAM: login");
        assert!(line.ends_with(&format!("words='{told}; PAM checked \\'root\\'' user='rename'")), "{line}");
    }
    assert!(stage.login(&user_with("rename", "rename")).accepted(), "{}", stage.log());
    log.wait_for("words='Success' user='rename'");
    drop(stage);
    let stage = Stage::open(&["syslog=auth", "allow-user-mapping=yes"]);
    for login in [login.clone(), deferred(login)] {
        stage.plugin.clear_log();
        assert!(stage.login(&login).accepted(), "{}", stage.log());
        stage.line("user 'rename' authenticated; PAM checked 'root'");
        log.wait_for("words='Success; PAM checked \\'root\\'' user='rename'");
    }
}

pub(crate) fn a_long_username_leaves_the_audit_line_whole() {
    let log = DevLog::open();
    let stage = Stage::open(&["syslog=auth"]);
    for username in ["\\".repeat(4096), "'".repeat(4096), "\u{e9}".repeat(2048)] {
        stage.refuses(&Login::new(&username, "x"), "Authentication failure");
        let line = log.wait_for("AUTH-PAM: login");
        assert!(
            line.contains("login rejected: address=192.0.2.7 words='Authentication failure' user='"),
            "{line}"
        );
        assert!(line.len() <= 2048, "{} bytes: {line}", line.len());
    }
    // Refused by the front alone, it is audited as well.
    stage.refuses(&Login::new("\\".repeat(4097), "x"), "4097 bytes");
    let line = log.wait_for("AUTH-PAM: login");
    assert!(line.contains("login rejected: address=192.0.2.7 words='the username has 4097 bytes"), "{line}");
}

/// The C library keeps its connection, and makes another one when the system log was started anew. That is no change of
/// the worker's process.
pub(crate) fn what_modules_log_keeps_their_worker() {
    let log = DevLog::open();
    let stage = Stage::open(&["max-workers=1"]);
    stage.works();
    let worker = stage.workers();
    stage.works_as("in-passing");
    log.wait_for("a line of a module");
    drop(log);
    std::fs::remove_file("/dev/log").unwrap();
    let log = DevLog::open();
    stage.works_as("in-passing");
    log.wait_for("a line of a module");
    stage.works();
    assert_eq!(stage.workers(), worker, "{}", stage.log());
}
