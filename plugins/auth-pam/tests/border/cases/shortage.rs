//! No descriptor or process left: the login is refused at once and with a line, and later ones work.

use std::fs;

use harness::pids_cgroup::PidsCgroup;
use harness::proc_table::{descriptors, kill9, wait_until};
use harness::{Gate, command};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::dev_log::DevLog;
use crate::stage::{PATIENCE, Stage, deferred, ends, modern, user, user_at};

/// Leaves the supervisor `free` descriptors. The limit is one above the highest number allowed, and lower ones may be
/// free.
fn leave(pid: i32, free: usize) {
    let used: Vec<u32> = descriptors(pid).into_iter().map(|(number, _)| number).collect();
    let limit = (0..).filter(|number| !used.contains(number)).nth(free).unwrap_or_default();
    command::run("prlimit", &["--pid", &pid.to_string(), &format!("--nofile={limit}:")]);
}

/// No descriptor comes with an attempt and none is needed to decide it, or to say so.
pub(crate) fn without_descriptors_the_workers_there_are_go_on() {
    let log = DevLog::open();
    let stage = Stage::open(&["syslog=auth", "max-workers=1"]);
    stage.works();
    log.wait_for("login accepted");
    let supervisor = stage.supervisor();
    leave(supervisor, 0);
    stage.works();
    log.wait_for("login accepted");
    stage.refuses(&modern("nothing"), "Authentication failure");
    log.wait_for("login rejected");
    let gate = Gate::new();
    let busy = stage.start(&deferred(user_at("gate-good", &gate)));
    gate.arrival();
    let waiting = stage.start(&deferred(user("good")));
    gate.open();
    for attempt in [busy, waiting] {
        assert!(attempt.finish(PATIENCE).accepted(), "{}", stage.log());
    }
    assert_eq!(stage.supervisor(), supervisor);
}

fn lift(pid: i32) {
    command::run("prlimit", &["--pid", &pid.to_string(), "--nofile=1024:"]);
}

/// A worker with the last two descriptors, for its channel, has its output like any other.
pub(crate) fn with_two_descriptors_a_worker_is_started() {
    let stage = Stage::open(&["max-workers=1"]);
    stage.works();
    let (supervisor, worker) = (stage.supervisor(), stage.workers()[0]);
    kill9(worker);
    ends(worker, "the worker");
    stage.line("was killed by SIGKILL");
    leave(supervisor, 2);
    let outcome = stage.login(&user("partial"));
    assert!(crate::stage::rejected(&outcome), "{outcome}");
    stage.line("printed by a PAM module: without an end");
    assert_eq!(stage.supervisor(), supervisor);
}

/// Each login that finds no descriptor fails, and says why; the supervisor goes on, and what modules have left ends.
pub(crate) fn without_descriptors_a_login_fails_and_the_supervisor_goes_on() {
    let gate = Gate::new();
    let stage = Stage::open(&["max-workers=1", "grace=0"]);
    stage.works();
    let supervisor = stage.supervisor();
    let login = stage.start(&deferred(user_at("daemon", &gate)));
    let daemon = gate.arrival();
    leave(supervisor, 0);
    gate.open();
    assert!(login.finish(PATIENCE).accepted(), "{}", stage.log());
    // Its worker is not used again, for it has a child.
    ends(daemon, "a daemon");
    for _ in 0..3 {
        let outcome = stage.refuses(&modern("good"), "no worker process can be started");
        assert!(outcome.reason.unwrap_or_default().contains("is busy"), "a refusal for good");
    }
    lift(supervisor);
    assert!(wait_until(PATIENCE, || stage.login(&user("good")).accepted()), "{}", stage.log());
    assert_eq!(stage.supervisor(), supervisor);
    // A worker that has none left: PAM finds no service. The next one has some.
    let worker = stage.workers()[0];
    command::run("prlimit", &["--pid", &worker.to_string(), "--nofile=3:"]);
    stage.refuses(&user("good"), "");
    stage.works();
    assert_ne!(stage.workers(), [worker]);
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
    stage.line("cannot start another worker");
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

/// Undecided logins hold most of the files that OpenVPN may have open. That is no fault of the next one.
pub(crate) fn a_login_that_cannot_be_deferred_is_to_come_again() {
    // Three quarters of these, two a login.
    const FILES: u64 = 128;
    const LOGINS: usize = 48;
    let stage = Stage::open(&["grace=0"]);
    stage.works();
    let gate = Gate::new();
    let login = |number: usize| {
        deferred(user_at("gate-good", &gate))
            .env("untrusted_ip", format!("198.51.100.{number}"))
            .env("IV_PROTO", "990")
    };
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    // This process is OpenVPN.
    setrlimit(Resource::RLIMIT_NOFILE, FILES, hard).unwrap();
    let waiting: Vec<_> = (0..LOGINS).map(|number| stage.start(&login(number))).collect();
    let outcome = stage.login(&login(LOGINS));
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    let reason = outcome.reason.clone().unwrap_or_default();
    assert!(!outcome.accepted() && reason.starts_with("TEMP[backoff 15,"), "{outcome}");
    stage.line("files that OpenVPN may have open");
    waiting.iter().for_each(|_| gate.open());
    for login in waiting {
        assert!(login.finish(PATIENCE).accepted(), "{}", stage.log());
    }
    stage.works();
}
