//! Starts the command, and looks at what it says and leaves.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::PATIENCE;
use harness::child_process::ChildProcess;
use harness::log::{Log, LogPipe, Mark};
use harness::scratch::Scratch;
use nix::sys::signal::Signal;

/// The command itself.
pub(crate) const COMMAND: &str = env!("CARGO_BIN_EXE_cargo-ovpn-plugin");

/// The command while it runs, without a terminal.
pub(crate) struct Started {
    running: ChildProcess,
    pipe: LogPipe,
    _scratch: Scratch,
}

impl Started {
    pub(crate) fn new(command: &mut Command) -> Self {
        let scratch = Scratch::new();
        let pipe = LogPipe::new(&scratch.join("log"));
        Self { running: ChildProcess::spawn(command, &pipe), pipe, _scratch: scratch }
    }

    /// `run` with a plugin that is there.
    pub(crate) fn run(plugin: &Path, words: &[&str]) -> Self {
        let mut command = Command::new("setsid");
        Self::new(command.args([COMMAND, "run", "--plugin"]).arg(plugin).args(words))
    }

    pub(crate) fn log(&self) -> &Log {
        self.pipe.log()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        assert!(self.running.signal(signal));
    }

    /// Waits for the end and these lines before it.
    #[track_caller]
    pub(crate) fn ends(&self, status: i32, lines: &[&str]) {
        // Cargo builds everything anew in a crate of its own.
        let ended = self.running.wait(20 * PATIENCE);
        let text = self.log().text();
        assert_eq!(ended.and_then(|status| status.code()), Some(status), "{text}");
        for line in lines {
            assert!(text.contains(line), "no {line:?} in:\n{text}");
        }
        // Its own names have its process id.
        let own = format!("ovpntest-{}-", self.running.pid());
        for place in [Path::new("/run/netns"), &std::env::temp_dir()] {
            let left = fs::read_dir(place).into_iter().flatten().flatten();
            let left: Vec<_> =
                left.filter(|entry| entry.file_name().to_string_lossy().starts_with(&own)).collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }

    /// Waits until it says this.
    pub(crate) fn says(&self, text: &str) {
        self.log().wait_for(Mark::START, text, PATIENCE);
    }
}
