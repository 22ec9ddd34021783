//! The plugin in a process of one thread, as in OpenVPN: what scripts, signals and other users can do to it and to its
//! helper. Each case is a process of its own; runs all, or those whose names contain the first argument.

mod clients;
mod faults;
mod life;
mod limits;
mod signals;
mod stage;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use harness::proc_table::{self, wait_gone};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;

use stage::{Directory, Stage};

const ARGUMENT: &str = "--case";
const LIMIT: Duration = Duration::from_secs(120);

/// A case: its name and what it does; it fails by a panic.
type Case = (&'static str, fn(&Stage));

fn cases() -> Vec<Case> {
    [clients::CASES, faults::CASES, life::CASES, limits::CASES, signals::CASES].concat()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, name, directory] = arguments.as_slice() {
        if first == ARGUMENT {
            return one(name, Path::new(directory));
        }
    }
    if !nix::unistd::geteuid().is_root() {
        eprintln!("these tests need root: they are about a process that has it");
        return ExitCode::FAILURE;
    }
    // What a case leaves behind comes here, and goes.
    nix::sys::prctl::set_child_subreaper(true).expect("subreaper");
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    let mut failed = 0;
    for (name, _) in cases().into_iter().filter(|(name, _)| name.contains(filter)) {
        let passed = run(name);
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(name: &str, directory: &Path) -> ExitCode {
    let parts = life::PARTS.iter().copied();
    let case = cases().into_iter().chain(parts).find(|(other, _)| *other == name);
    let (_, run) = case.expect("a known case");
    run(&Stage::new(directory));
    ExitCode::SUCCESS
}

/// Runs a case in a process and a process group of its own, in which SIGUSR1 and SIGUSR2 are ignored.
fn run(name: &str) -> bool {
    let directory = Directory::new();
    let mut child = Command::new("sh")
        .args(["-c", "trap '' USR1 USR2; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().expect("own path"))
        .args([ARGUMENT, name])
        .arg(directory.path())
        .env("TMPDIR", directory.path())
        .process_group(0)
        .spawn()
        .expect("sh");
    let ended = wait_gone(i32::try_from(child.id()).expect("a pid"), LIMIT);
    if !ended {
        eprintln!("{name} does not end");
        let _ = child.kill();
    }
    let passed = child.wait().is_ok_and(|status| status.success());
    remove_orphans();
    ended && passed
}

fn remove_orphans() {
    let own = Pid::this().as_raw();
    while let Some(orphan) = proc_table::all().into_iter().find(|process| process.parent == own) {
        proc_table::kill9(orphan.pid);
        wait_gone(orphan.pid, LIMIT);
        let _ = waitpid(Pid::from_raw(orphan.pid), Some(WaitPidFlag::WNOHANG));
    }
}
