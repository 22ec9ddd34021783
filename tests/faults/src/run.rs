//! One run: its files, the process that plays, and what was seen.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use harness::TestModule;
use harness::scratch::{Scratch, set_mode};
use nix::errno::Errno;
use nix::unistd::Pid;

use crate::play::{self, Files};
use crate::tracer::{self, Place, Watched};

/// First argument of the process that plays; its directory follows, and which script.
pub(crate) const PLAY: &str = "--play";

/// Which script is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Script {
    /// Logins of all kinds.
    Logins,
    /// The same, and the supervisor is killed in between.
    LostSupervisor,
}

impl Script {
    pub(crate) const ALL: [Self; 2] = [Self::Logins, Self::LostSupervisor];

    /// As results and command lines have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Logins => "logins",
            Self::LostSupervisor => "supervisor killed",
        }
    }
}

/// What is left of a run.
pub(crate) struct Ran {
    pub(crate) watched: Watched,
    /// Step, result, and more, in order.
    pub(crate) steps: Vec<[String; 3]>,
    /// The log of OpenVPN and what the plugin wrote there itself.
    pub(crate) log: String,
    pub(crate) errors: String,
}

/// Plays a script, with one fault or none.
pub(crate) fn run(module: &TestModule, script: Script, fault: Option<(Place, Errno)>) -> Ran {
    let scratch = Scratch::of_root();
    let files = Files(scratch.path().to_owned());
    for directory in ["pam", "figures", "tmp"] {
        scratch.directory(directory, 0o755);
    }
    set_mode(&scratch.join("tmp"), 0o700);
    let service = module.stack(&play::MODULE) + "session required pam_permit.so\n";
    fs::write(files.pam().join("login"), service).unwrap_or_else(|error| panic!("{error}"));
    let create =
        |path: PathBuf| File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let errors = scratch.join("errors");
    let own = std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"));
    let mut child = Command::new(own)
        .args([PLAY, &scratch.path().to_string_lossy(), script.name()])
        .env("TMPDIR", scratch.join("tmp"))
        .stdin(Stdio::piped())
        .stdout(create(files.output()))
        .stderr(create(errors.clone()))
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start a process: {error}"));
    let pid = i32::try_from(child.id()).unwrap_or_else(|_| panic!("pid out of range"));
    let mut input = child.stdin.take();
    let watched = tracer::watch(Pid::from_raw(pid), fault, || {
        let _ = input.take().map(|mut input| input.write_all(b"!"));
    });
    // It has been, by the tracer.
    let _ = child.wait();
    let read = |path: PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
    let report = read(files.report());
    let parse = |line: &str| {
        let mut parts = line.splitn(3, '\t').map(str::to_owned);
        [(); 3].map(|()| parts.next().unwrap_or_default())
    };
    let steps = report.lines().map(parse).collect();
    Ran { watched, steps, log: read(files.log()) + &read(files.output()), errors: read(errors) }
}
