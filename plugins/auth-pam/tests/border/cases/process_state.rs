//! What a PAM module changes about its process is gone when the next login comes.

use std::os::unix::net::UnixListener;

use harness::proc_table::Process;

use crate::stage::{PATIENCE, Stage, deferred, user, user_with};

/// The process as the PAM module finds it; the module prints it.
fn state(stage: &Stage) -> String {
    stage.plugin.clear_log();
    let outcome = stage.login(&user("state"));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    stage.line("state: ")
}

pub(crate) fn what_a_module_changes_does_not_meet_the_next_login() {
    let stage = Stage::open(&["max-workers=1"]);
    let clean = state(&stage);
    assert!(
        clean.contains("uid 0/0/0") && clean.contains("threads 1") && clean.contains("timer 0"),
        "{clean}"
    );
    // More than once: whether the next login meets a worker that is about to leave is a matter of moments.
    for _ in 0..5 {
        for change in ["seteuid", "setgroups", "umask", "chdir", "thread", "alarm", "block", "ignore"] {
            let outcome = stage.login(&user(change));
            assert!(outcome.accepted(), "{change}: {outcome}\n{}", stage.log());
            assert_eq!(state(&stage), clean, "after {change}");
        }
    }
}

/// A login that waits in the queue is handed out the moment the one before is over, when the worker may be leaving.
pub(crate) fn a_login_in_the_queue_meets_no_worker_that_is_leaving() {
    let stage = Stage::open(&["max-workers=1", "grace=0"]);
    for round in 0..50 {
        let first = stage.start(&deferred(user("umask")));
        let others: Vec<_> = (0..3).map(|_| stage.start(&deferred(user("good")))).collect();
        for login in std::iter::once(first).chain(others) {
            let outcome = login.finish(PATIENCE);
            assert!(outcome.accepted(), "round {round}: {outcome}\n{}", stage.log());
        }
    }
}

/// By itself, here. It is killed after twenty seconds, and until then it is not the only one that may be free.
pub(crate) fn a_worker_that_is_stopped_after_its_login_is_not_waited_for() {
    let stage = Stage::open(&["max-workers=2", "timeout=10"]);
    let outcome = stage.login(&user("stop-later"));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    let stopped = stage.workers();
    stage.works();
    let is_stopped = |pid: &i32| Process::look(*pid).is_some_and(|process| process.state == 'T');
    assert!(stopped.iter().any(is_stopped), "no worker is stopped: {stopped:?}");
}

pub(crate) fn closed_descriptors_cost_the_module_its_own_login() {
    let stage = Stage::open(&[]);
    for _ in 0..3 {
        stage.refuses(&user("closeall"), "the worker");
        stage.works();
    }
}

/// What the module does, and what the worker says of it.
const CHANGES: &[(&str, &str)] = &[
    ("thread", "its threads"),
    ("child", "its children"),
    ("clone", "its children"),
    ("seteuid", "its users or groups"),
    ("setegid", "its users or groups"),
    ("setgroups", "its users or groups"),
    ("setfsuid", "its users or groups"),
    ("setenv", "its environment"),
    ("unsetenv", "its environment"),
    ("umask", "its file mode mask"),
    ("chdir", "its working or root directory"),
    ("chroot", ""),
    ("rlimit", "its resource limits"),
    ("nice", "its scheduling"),
    ("batch", "its scheduling"),
    ("ioprio", "its scheduling"),
    ("timerslack", "its scheduling"),
    ("effective", "its privileges"),
    ("permitted", "its privileges"),
    ("inheritable", "its privileges"),
    ("ambient", "its privileges"),
    ("bounding", "its privileges"),
    ("securebits", "its privileges"),
    ("nonewprivs", "its privileges"),
    ("filter", "its privileges"),
    ("dumpable", "its privileges"),
    ("subreaper", "its privileges"),
    ("personality", "its privileges"),
    ("uts", "its namespaces"),
    ("mounts", "its namespaces"),
    ("pids", "its namespaces"),
    ("keyring", "its keyrings"),
    ("request-key", "its keyrings"),
    ("huge-pages", "its memory"),
    // And a handler.
    ("alarm", "its signals"),
    ("itimer", "its timers"),
    ("timer", "its timers"),
    ("block", "its signals"),
    ("ignore", "its signals"),
    ("handler", "its signals"),
    ("realtime", "its signals"),
    ("sigaltstack", "its signals"),
    ("setpgid", "its session or process group"),
    ("oom", "its control group, security context or OOM score"),
    ("open", "its descriptors"),
    ("open-high", "its descriptors"),
    ("output", "its descriptors"),
    ("close-on-exec", "its descriptors"),
];

fn accepted(stage: &Stage, login: &ovpn_plugin_host::Login) {
    let outcome = stage.login(login);
    assert!(outcome.accepted(), "{login:?}: {outcome}\n{}", stage.log());
}

pub(crate) fn after_any_change_the_next_login_gets_another_process() {
    // At this verbosity a line says what was changed.
    let stage = Stage::open_with(&[("verb", "4")], &["max-workers=1", "grace=0"]);
    for (change, what) in CHANGES {
        accepted(&stage, &user("good"));
        let before = stage.workers();
        stage.plugin.clear_log();
        accepted(&stage, &user(change));
        let line = stage.line("has changed the process of worker");
        assert!(line.contains(what), "{change}: no '{what}' in: {line}");
        accepted(&stage, &user("good"));
        let mut after = stage.workers();
        // A copy that a module has forked may be there for as long as it takes to end it.
        harness::proc_table::wait_until(PATIENCE, || {
            after = stage.workers();
            after.len() == 1
        });
        assert!(before.len() == 1 && after.len() == 1 && before != after, "{change}: {before:?}, {after:?}");
    }
    if std::thread::available_parallelism().is_ok_and(|processors| processors.get() > 1) {
        stage.plugin.clear_log();
        accepted(&stage, &user("affinity"));
        let line = stage.line("has changed the process of worker");
        assert!(line.contains("its scheduling"), "{line}");
    }
    stage.plugin.clear_log();
    // Since Linux 6.3.
    if stage.login(&user("no-new-code")).accepted() {
        stage.line("has changed the process of worker");
        assert!(stage.log().contains("(its memory)"), "{}", stage.log());
    }
}

/// A hardened unit has one already, and then only their number tells of another one.
pub(crate) fn one_filter_more_is_a_change() {
    std::fs::write(std::env::temp_dir().join("filter-from-the-start"), "").unwrap();
    let stage = Stage::open_with(&[("verb", "4")], &["max-workers=1", "grace=0"]);
    accepted(&stage, &user("good"));
    let worker = stage.workers();
    accepted(&stage, &user("good"));
    assert_eq!(stage.workers(), worker, "{}", stage.log());
    accepted(&stage, &user("filter"));
    let line = stage.line("has changed the process of worker");
    assert!(line.contains("its privileges"), "{line}");
}

pub(crate) fn what_is_no_change_keeps_the_process() {
    let stage = Stage::open_with(&[("verb", "4")], &["max-workers=1", "grace=0"]);
    let path = std::env::temp_dir().join("service");
    let _service = UnixListener::bind(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let path = path.to_str().unwrap_or_default();
    accepted(&stage, &user("good"));
    let worker = stage.workers();
    for login in
        [user("in-passing"), user("good"), user("in-passing"), user_with("connect", path), user("good")]
    {
        accepted(&stage, &login);
        assert_eq!(stage.workers(), worker, "after {login:?}\n{}", stage.log());
    }
    let refused = stage.login(&user("nothing"));
    assert!(crate::stage::rejected(&refused), "{refused}");
    assert_eq!(stage.workers(), worker);
    // One that a program inherits, and one too many, are none.
    accepted(&stage, &user_with("connect-inherited", path));
    accepted(&stage, &user("good"));
    let next = stage.workers();
    assert_ne!(next, worker);
    for _ in 0..20 {
        accepted(&stage, &user_with("connect", path));
    }
    accepted(&stage, &user("good"));
    assert_ne!(stage.workers(), next, "twenty connections");
}

/// The code of this library in a process, in KiB of what is mapped at the moment.
fn mapped_code(process: i32, library: &str) -> u64 {
    let maps = std::fs::read_to_string(format!("/proc/{process}/smaps")).unwrap_or_default();
    let after = maps.lines().skip_while(|line| !(line.contains(" r-xp ") && line.contains(library)));
    let size = after.take(20).find_map(|line| line.strip_prefix("Rss:"));
    size.and_then(|size| size.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// A worker that is idle lets its code go. Relocations in the code of a module, or a hook, are no copy of the file.
pub(crate) fn changed_code_outlives_an_idle_time() {
    let stage = Stage::open(&["max-workers=1", "grace=0"]);
    accepted(&stage, &user("change-code"));
    let workers = stage.workers();
    assert!(mapped_code(workers[0], "/libpam.so") > 0);
    let let_go = || mapped_code(workers[0], "/libpam.so") == 0;
    assert!(harness::proc_table::wait_until(PATIENCE, let_go), "the code is never let go");
    accepted(&stage, &user("code-is-changed"));
    assert_eq!(stage.workers(), workers, "{}", stage.log());
}
