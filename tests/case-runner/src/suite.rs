//! A test program: its cases, and what they need.

use std::process::ExitCode;

use harness::scratch::Scratch;

use crate::case::Case;
use crate::{runner, watchdog};

/// First argument of the process that plays a case; its name follows.
pub(crate) const CASE: &str = "--play-case";
/// First argument of a watchdog; the name of its case follows.
pub(crate) const WATCHDOG: &str = "--guard-case";

/// Where the directories of cases are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScratchDir {
    /// Below the temporary directory; everybody can write to it, for cases that become another user.
    #[default]
    ForAll,
    /// Where nobody but root can write, nor to any directory on the way.
    RootOnly,
}

/// The cases of a program.
pub struct Suite {
    pub(crate) cases: Vec<Case>,
    parts: Vec<Case>,
    pub(crate) scratch_dir: ScratchDir,
    pub(crate) at_once: Option<usize>,
    pub(crate) prepare: Option<fn(&Scratch)>,
}

impl Suite {
    /// These cases. They are started in this order: put the slow ones first.
    pub fn new(cases: impl IntoIterator<Item = Case>) -> Self {
        let cases = cases.into_iter().collect();
        Suite { cases, parts: Vec::new(), scratch_dir: ScratchDir::default(), at_once: None, prepare: None }
    }

    /// How many cases may be played at a time, where the command line and `RUST_TEST_THREADS` do not say; as many as there are processors by
    /// default. More for cases that wait more than they work.
    pub fn at_once(mut self, number: usize) -> Self {
        self.at_once = Some(number);
        self
    }

    /// Where the directories of its cases are.
    pub fn scratch_dir(mut self, scratch_dir: ScratchDir) -> Self {
        self.scratch_dir = scratch_dir;
        self
    }

    /// Does something once before the first case; what is written to the directory is there for all of them, see
    /// [`prepared`](crate::prepared).
    pub fn prepare(mut self, prepare: fn(&Scratch)) -> Self {
        self.prepare = Some(prepare);
        self
    }

    /// What is played by another process than the case's, which starts it by [`part`](crate::part).
    pub fn part(mut self, name: &str, play: fn()) -> Self {
        self.parts.push(Case::new(name, play));
        self
    }

    /// What `main` does.
    pub fn run(self) -> ExitCode {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [CASE, name] => self.play(name),
            [WATCHDOG, name] => match self.cases.iter().find(|case| case.name == name) {
                Some(case) => watchdog::run(case, self.scratch_dir),
                None => unknown(name),
            },
            _ => runner::run(self),
        }
    }

    fn play(&self, name: &str) -> ExitCode {
        let Some(case) = self.cases.iter().chain(&self.parts).find(|case| case.name == name) else {
            return unknown(name);
        };
        (case.play)();
        ExitCode::SUCCESS
    }
}

fn unknown(name: &str) -> ExitCode {
    eprintln!("there is no case '{name}'");
    ExitCode::FAILURE
}
