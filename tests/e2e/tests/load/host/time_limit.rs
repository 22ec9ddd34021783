//! A login that has waited for longer than a login may take.

use std::fs;
use std::time::{Duration, Instant};

use harness::Gate;
use harness::proc_table;
use harness::scratch::Scratch;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::check::{NEW_CLIENT, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);
/// The option's value.
const LIMIT: Duration = Duration::from_secs(2);
/// On a busy machine the first login may be over its time before the stage is set. Then nothing is shown.
const ROUNDS: usize = 10;

/// Both logins are over their time when the supervisor gets to see it: the one that runs is ended, and the one that
/// waits does not take its place.
pub(crate) fn queued() {
    assert!((0..ROUNDS).any(|_| queued_in_time()), "{ROUNDS} times two logins took longer than {LIMIT:?}");
}

/// False if the stage was not set in time.
fn queued_in_time() -> bool {
    let (gate, scratch) = (Gate::new(), Scratch::new());
    let record = scratch.join("record");
    let arguments = [
        format!("auth/record={}", record.display()),
        format!("auth/first:{}", gate.tell()),
        format!("auth/first:{}", gate.wait()),
    ];
    let subject =
        Subject::new("max-workers=1 max-pending=1 timeout=2", &arguments.each_ref().map(String::as_str));
    let start = |user: &str, number: u8| {
        let login = deferred(user, &format!("192.0.2.{number}"), NEW_CLIENT);
        subject.plugin.start_login(&login).expect("the call can be made")
    };
    let begin = Instant::now();
    let first = start("first", 1);
    gate.arrival();
    let waiting = start("waiting", 2);
    // The queue is full: that this one is refused says that the one before is in it.
    let refused = start("refused", 3).finish(PATIENCE);

    let supervisor = Pid::from_raw(supervisor());
    kill(supervisor, Signal::SIGSTOP).expect("stopped");
    let in_time = begin.elapsed() < LIMIT;
    if in_time {
        // No event tells of it: the clock is what this is about.
        std::thread::sleep(LIMIT);
    }
    kill(supervisor, Signal::SIGCONT).expect("continued");
    if !in_time {
        subject.close();
        return false;
    }
    assert!(refused.reason.as_deref().is_some_and(|reason| reason.starts_with("TEMP[")), "{refused}");

    for (login, words) in [(first, "does not answer"), (waiting, "busy")] {
        let outcome = login.finish(PATIENCE);
        assert!(!outcome.accepted() && outcome.verdict.is_some(), "{outcome}");
        let reason = outcome.reason.unwrap_or_default();
        assert!(reason.starts_with("TEMP[") && reason.contains(words), "{reason}");
    }
    let logged = "user 'waiting' failed to authenticate: no worker was free within the time limit of 2 s";
    subject.plugin.wait_for_log_text(logged, PATIENCE).expect("logged");

    // A login later, which does run, only the first and this one have met a module.
    let outcome = start("last", 4).finish(PATIENCE);
    assert!(outcome.accepted(), "{outcome}");
    let ran = fs::read_to_string(&record).expect("modules ran");
    let users: Vec<&str> =
        ran.lines().filter_map(|line| line.split_once("user=")?.1.split_whitespace().next()).collect();
    assert_eq!(users, ["first", "last"]);
    subject.close();
    true
}

fn supervisor() -> i32 {
    let own = i32::try_from(std::process::id()).expect("pid fits");
    let all = proc_table::all();
    let keeper = all.iter().find(|process| process.parent == own && process.name == "auth-pam-keeper");
    let keeper = keeper.expect("a keeper").pid;
    let found = all.iter().find(|process| process.parent == keeper && process.name == "auth-pam-super");
    found.expect("a supervisor").pid
}

/// The first process that loads this module hangs in it, all later ones do not.
const HANGS_ONCE: &str = r#"
#include <security/pam_modules.h>
#include <unistd.h>
__attribute__((constructor)) static void load(void) { if (unlink(FLAG) == 0) for (;;) pause(); }
int pam_sm_authenticate(pam_handle_t *h, int f, int c, const char **v) { (void)h, (void)f, (void)c, (void)v; return 0; }
int pam_sm_acct_mgmt(pam_handle_t *h, int f, int c, const char **v) { (void)h, (void)f, (void)c, (void)v; return 0; }
"#;

/// A worker that never comes to ask PAM is no worker: another one takes its place.
pub(crate) fn starting() {
    let scratch = harness::scratch::Scratch::new();
    let (flag, module) = (scratch.write("flag", "", 0o600), scratch.join("module.so"));
    let source = scratch.write("module.c", HANGS_ONCE, 0o600);
    let (define, output, input) =
        (format!("-DFLAG=\"{}\"", flag.display()), module.to_string_lossy(), source.to_string_lossy());
    harness::command::run("cc", &["-shared", "-fPIC", &define, "-o", &output, &input]);
    let module = module.display();
    let subject = Subject::with_stack("", &format!("auth required {module}\naccount required {module}\n"));
    assert!(harness::proc_table::wait_until(PATIENCE, || !flag.exists()), "the module is not loaded");
    let login = deferred("alice", "192.0.2.1", NEW_CLIENT);
    let outcome = subject.plugin.login(&login, 2 * PATIENCE).expect("the call can be made");
    assert!(outcome.accepted(), "{outcome}");
    subject.close();
}
