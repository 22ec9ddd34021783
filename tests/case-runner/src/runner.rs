//! What cargo or cargo-nextest starts: chooses cases, has each of them guarded by a process of its own, and reports.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, OnceLock};

use harness::scratch::{Scratch, unique_name};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::case::Case;
use crate::own_path;
use crate::suite::{Suite, WATCHDOG};

/// The variable that names what [`Suite::prepare`] has filled.
pub(crate) const PREPARED: &str = "CASES_PREPARED";
/// The variable of libtest for the number of tests at a time.
const THREADS: &str = "RUST_TEST_THREADS";

/// What the watchdogs of a run share; made by the first one, so that a list makes nothing.
struct Shared {
    prepare: Option<fn(&Scratch)>,
    scratch: OnceLock<Scratch>,
    captured: bool,
}

impl Shared {
    fn scratch(&self) -> &Scratch {
        self.scratch.get_or_init(|| {
            let scratch = Scratch::new();
            if let Some(prepare) = self.prepare {
                prepare(&scratch);
            }
            scratch
        })
    }
}

pub(crate) fn run(suite: Suite) -> ExitCode {
    let mut arguments = Arguments::from_args();
    let of_environment = || std::env::var(THREADS).ok()?.parse().ok();
    arguments.test_threads = arguments.test_threads.or_else(of_environment).or(suite.at_once);
    if let Some(name) = twice(&suite.cases) {
        eprintln!("two cases are called '{name}', and only the first would be played");
        return ExitCode::FAILURE;
    }
    if !arguments.list && !nix::unistd::geteuid().is_root() {
        eprintln!("these tests need root: they are about processes that have it");
        return ExitCode::FAILURE;
    }
    let shared =
        Arc::new(Shared { prepare: suite.prepare, scratch: OnceLock::new(), captured: !arguments.nocapture });
    let trials = suite.cases.into_iter().map(|case| {
        let (shared, name, ignored) = (Arc::clone(&shared), case.name.clone(), case.ignored);
        Trial::test(case.name, move || guarded(&name, &shared)).with_ignored_flag(ignored)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// A name that is not unique.
fn twice(cases: &[Case]) -> Option<&str> {
    let mut known = HashSet::new();
    cases.iter().map(|case| case.name.as_str()).find(|name| !known.insert(*name))
}

/// Has a watchdog see to a case; what it and the case have printed is the failure.
fn guarded(name: &str, shared: &Shared) -> Result<(), Failed> {
    let scratch = shared.scratch();
    let mut command = Command::new(own_path());
    // In a group of its own, it is there to clean up when a person interrupts the tests.
    command.args([WATCHDOG, name]).env(PREPARED, scratch.path()).stdin(Stdio::null()).process_group(0);
    let output = scratch.join(&unique_name());
    if shared.captured {
        capture(&mut command, &output).map_err(|error| format!("{}: {error}", output.display()))?;
    }
    let status = command.status().map_err(|error| format!("the watchdog: {error}"))?;
    let text = String::from_utf8_lossy(&fs::read(&output).unwrap_or_default()).into_owned();
    let _ = fs::remove_file(&output);
    if status.success() { Ok(()) } else { Err(format!("{text}({status})").into()) }
}

fn capture(command: &mut Command, output: &Path) -> std::io::Result<()> {
    // Appended, since the two descriptors do not share a position.
    let open = || File::options().create(true).append(true).open(output);
    command.stdout(open()?).stderr(open()?);
    Ok(())
}
