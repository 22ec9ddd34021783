//! Runs the cases: as processes, some at a time, each with a time limit.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio, exit};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use harness::proc_table::{self, Process};
use harness::scratch::{Scratch, set_mode};
use harness::{command, scratch};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::cases::{CASES, Case};
use crate::stage;

/// The variable that names the case a process is to play.
pub(crate) const CASE: &str = "BORDER_CASE";
/// How long a case may take; they take seconds.
const LIMIT: Duration = Duration::from_secs(60);
/// How long what a case has started may outlive it: helpers see the end of their channel.
const AFTERWARDS: Duration = Duration::from_secs(5);
/// Cases at a time. They wait more than they work.
const AT_ONCE: usize = 4;

/// A mount namespace whose /dev has the devices a process needs, and room for a /dev/log.
const PRIVATE_DEV: &str = r#"
    set -e
    dev=$(mktemp -d) && mount --rbind /dev "$dev" && mount -t tmpfs -o mode=755 tmpfs /dev
    for name in null zero full random urandom tty; do touch "/dev/$name"; mount --bind "$dev/$name" "/dev/$name"; done
    umount -l "$dev" && rmdir "$dev"
    exec "$0""#;

/// Plays one case in this process.
pub(crate) fn play(name: &str) {
    let Some(case) = CASES.iter().find(|case| case.name == name) else { exit(2) };
    (case.run)();
}

/// Plays all cases whose names contain one of `words`, or all.
pub(crate) fn play_all(words: &[String]) {
    command::require_root();
    // What outlives its case becomes a child of this process, and is found.
    nix::sys::prctl::set_child_subreaper(true).unwrap_or_else(|errno| panic!("prctl: {errno}"));
    let scratch = Scratch::new();
    stage::compile(&scratch);
    let chosen = |case: &&Case| words.is_empty() || words.iter().any(|word| case.name.contains(&**word));
    let waiting = Mutex::new(CASES.iter().filter(chosen));
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next();
                    let Some(case) = next else { return };
                    if !succeeds(case, &scratch) {
                        failed.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(case.name);
                    }
                }
            });
        }
    });
    let left = still_there();
    for process in &left {
        println!("left behind: {process:?}");
        proc_table::kill9(process.pid);
    }
    let failed = failed.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    drop(scratch);
    println!("{} passed, {} failed", CASES.iter().filter(chosen).count() - failed.len(), failed.len());
    if !failed.is_empty() || !left.is_empty() {
        println!("failed: {}; left behind: {}", failed.join(", "), left.len());
        exit(1);
    }
}

fn succeeds(case: &Case, scratch: &Scratch) -> bool {
    let started = Instant::now();
    let mut output = tempfile::tempfile().unwrap_or_else(|error| panic!("temporary file: {error}"));
    let temporary = scratch.directory(&scratch::unique_name(), 0o700);
    set_mode(&temporary, 0o1777);
    let ended = start(case, scratch.path(), &temporary, &output);
    let mut text = String::new();
    let _ = output.rewind().and_then(|()| output.read_to_string(&mut text));
    for pid in fs::read_to_string(temporary.join(stage::TO_BE_KILLED)).unwrap_or_default().lines() {
        let process = pid.parse().ok().and_then(Process::look);
        process
            .filter(|process| process.name.starts_with("auth-pam"))
            .iter()
            .for_each(|it| proc_table::kill9(it.pid));
    }
    let words = match ended {
        None => format!("FAILED: not over after {} s", LIMIT.as_secs()),
        Some(status) if status.success() => "ok".into(),
        Some(status) => format!("FAILED: {status}"),
    };
    let skipped = text.lines().find(|line| line.starts_with("skipped: ")).unwrap_or_default();
    // Continuous integration must not skip.
    let good = words == "ok" && (skipped.is_empty() || std::env::var_os("CI").is_none());
    println!("test {} ... {words} ({:.1} s) {skipped}", case.name, started.elapsed().as_secs_f32());
    if !good {
        println!("{text}");
    }
    good
}

/// Runs a case; nothing if it had to be killed.
fn start(case: &Case, place: &Path, temporary: &Path, output: &File) -> Option<std::process::ExitStatus> {
    let own = std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"));
    let mut program = Command::new(if case.private_dev { Path::new("unshare") } else { &own });
    if case.private_dev {
        program.args(["--mount", "sh", "-c", PRIVATE_DEV]).arg(&own);
    }
    let copy = || Stdio::from(output.try_clone().unwrap_or_else(|error| panic!("descriptor: {error}")));
    let mut child = program
        .env(CASE, case.name)
        .env(stage::PLACE, place)
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(copy())
        .stderr(copy())
        .process_group(0)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let pid = i32::try_from(child.id()).unwrap_or_default();
    let over = proc_table::wait_gone(pid, LIMIT);
    if !over {
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
    let status = child.wait().ok();
    status.filter(|_| over)
}

/// What the cases have left running, after some time to leave.
fn still_there() -> Vec<Process> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let mut left = Vec::new();
    proc_table::wait_until(AFTERWARDS, || {
        left = proc_table::all();
        left.retain(|process| process.parent == own && !process.is_zombie());
        left.is_empty()
    });
    left
}
