//! Runs the cases of a test program, each in a process of its own with a single thread.
//!
//! Plugins fork, which only a process of one thread may do to them, and cargo's own test harness has threads. So a program
//! with such tests sets `harness = false` and has a `main` that describes its [`Suite`]. What a person or cargo-nextest
//! asks of it on the command line is what any test of cargo's understands: a filter, `--exact`, `--skip`, `--list`,
//! `--ignored`, `--test-threads`, `--nocapture`.
//!
//! Three processes play a part. The *runner* is what cargo starts: it chooses cases and reports. For each case it starts a
//! *watchdog* (module `watchdog`), and that starts the process that plays the *case*. All are this same program. Signals, umask and
//! limits are set before any of them starts, by `tests/settled`.

mod case;
mod runner;
mod suite;
mod watchdog;

pub use case::Case;
pub use suite::{ScratchDir, Suite};

use std::path::PathBuf;
use std::process::Command;

/// The directory of the case that this process plays; removed after it. It is `TMPDIR` too.
pub fn directory() -> PathBuf {
    std::env::temp_dir()
}

/// The directory that [`Suite::prepare`] has filled.
pub fn prepared() -> PathBuf {
    std::env::var_os(runner::PREPARED).map(PathBuf::from).unwrap_or_default()
}

/// A command that plays a part of this suite, see [`Suite::part`], in another process.
pub fn part(name: &str) -> Command {
    let mut command = Command::new(own_path());
    command.args([suite::CASE, name]);
    command
}

/// Lets a process outlive the case; the watchdog kills it then. Any other process that is left behind fails the case.
pub fn may_stay(pid: i32) {
    watchdog::may_stay(pid);
}

fn own_path() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"))
}
