//! No descriptor or process left: the login is refused at once and with a line, and later ones work.

use std::fs;

use harness::pids_cgroup::PidsCgroup;
use harness::proc_table::{descriptors, kill9, wait_until};
use harness::{Gate, command};
use ovpn_plugin_host::Verdict;

use crate::dev_log::DevLog;
use crate::stage::{PATIENCE, Stage, deferred, ends, modern, rejected, user, user_at};

/// Leaves the supervisor `free` descriptors. The limit is one above the highest number allowed, and lower ones may be
/// free.
fn leave(pid: i32, free: usize) {
    // It closes a login's files after it has answered.
    let files = || descriptors(pid).iter().filter(|(_, link)| link.contains("ovpn-login-")).count();
    assert!(wait_until(PATIENCE, || files() == 0), "{:?}", descriptors(pid));
    let used: Vec<u32> = descriptors(pid).into_iter().map(|(number, _)| number).collect();
    let limit = (0..).filter(|number| !used.contains(number)).nth(free).unwrap_or_default();
    command::run("prlimit", &["--pid", &pid.to_string(), &format!("--nofile={limit}:")]);
}

/// What this host logs for the supervisor takes a descriptor that there is none for: the audit line tells instead.
pub(crate) fn no_descriptors_in_the_supervisor() {
    let log = DevLog::open();
    let stage = Stage::open(&["syslog=auth"]);
    stage.works();
    let supervisor = stage.supervisor();
    for free in 0..2 {
        for login in [(modern("good"), false), (deferred(modern("good")), true)] {
            leave(supervisor, free);
            let outcome = stage.login(&login.0);
            // One is enough for a login that is to be answered directly: it brings the reason file only.
            if free == 0 || login.1 {
                assert!(rejected(&outcome), "{free} free: {outcome}\n{}", stage.log());
                let line = log.wait_for("login rejected");
                assert!(line.contains("words='its files did not reach the supervisor"), "{line}");
            }
            command::run("prlimit", &["--pid", &supervisor.to_string(), "--nofile=1024:"]);
            stage.works();
        }
    }
    // The control file arrives, the reason file does not: whoever looks at the file alone is told, too.
    leave(supervisor, 1);
    let login = stage.start(&deferred(modern("good")));
    assert_eq!(login.files.wait_for_verdict(PATIENCE), Some(Verdict::Rejected));
    command::run("prlimit", &["--pid", &supervisor.to_string(), "--nofile=1024:"]);
    stage.works();
    assert_eq!(stage.supervisor(), supervisor);
}

pub(crate) fn no_more_processes() {
    let Some(cgroup) = PidsCgroup::new_or_skip() else { return };
    fs::write(cgroup.procs_file(), std::process::id().to_string()).unwrap();
    let gate = Gate::new();
    let stage = Stage::open(&["grace=0"]);
    stage.works();
    // One worker is busy and there can be no second: the next login waits for it.
    let busy = stage.start(&deferred(user_at("gate-good", &gate)));
    let worker = gate.arrival();
    cgroup.limit(1);
    let waiting = stage.start(&deferred(user("good")));
    stage.line("no further worker can be started");
    gate.open();
    assert!(busy.finish(PATIENCE).accepted() && waiting.finish(PATIENCE).accepted());
    // And with no worker at all nobody can say when it would run.
    kill9(worker);
    ends(worker, "the worker");
    for login in [user("good"), deferred(user("good"))] {
        stage.refuses(&login, "no worker process can be started");
    }
    cgroup.lift();
    assert!(wait_until(PATIENCE, || stage.login(&user("good")).accepted()), "{}", stage.log());
    // The group is removed only when nothing is in it.
    drop(stage);
    let parent = cgroup.procs_file().parent().and_then(|group| Some(group.parent()?.join("cgroup.procs")));
    fs::write(parent.unwrap(), std::process::id().to_string()).unwrap();
}
