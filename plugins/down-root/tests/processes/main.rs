//! The plugin in a process of one thread, as in OpenVPN: what scripts, signals and other users can do to it and to its
//! helper. Each case is a process of its own.

mod clients;
mod faults;
mod life;
mod limits;
mod signals;
mod stage;

use std::process::ExitCode;
use std::time::Duration;

use case_runner::{ScratchDir, Suite};

use stage::Stage;

/// How long one may take: some make hundreds of restarts.
const LIMIT: Duration = Duration::from_secs(120);
/// In its process SIGUSR1 and SIGUSR2 are ignored.
const IGNORING: [&str; 4] = ["sh", "-c", "trap '' USR1 USR2; exec \"$@\"", "sh"];

/// A case: its name and what it does; it fails by a panic.
type Case = (&'static str, fn(&Stage));

fn main() -> ExitCode {
    let cases = [clients::CASES, faults::CASES, life::CASES, limits::CASES, signals::CASES].concat();
    let cases = cases.into_iter().map(|(name, play)| {
        case_runner::Case::new(name, move || play(&Stage::of_case())).limit(LIMIT).through(&IGNORING)
    });
    // They wait more than they work. Their scripts must be where only root can write.
    let suite = Suite::new(cases).at_once(4).scratch_dir(ScratchDir::RootOnly);
    suite.part(life::TO_BE_KILLED, || life::to_be_killed(&Stage::of_case())).run()
}
