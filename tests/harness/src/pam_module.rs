//! The PAM module that fails as told (c/pam_test.c), and the gate a test holds such a module at.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use ovpn_plugin_test::shared_value::shared_value;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::scratch::Scratch;
use crate::{PATIENCE, command};

/// The compiled module; shared by all who hold one at the same time.
#[derive(Debug)]
pub struct TestModule {
    path: PathBuf,
    /// Nothing if it was compiled for several processes, by another one.
    _scratch: Option<Scratch>,
}

const FILE: &str = "pam_test.so";
static ADOPTED: OnceLock<PathBuf> = OnceLock::new();

impl TestModule {
    /// The module of this process, compiled now if nobody holds it, unless one was [adopted](Self::adopt).
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<TestModule>> = Mutex::new(Weak::new());
        shared_value(&SHARED, || match ADOPTED.get() {
            Some(path) => Self { path: path.clone(), _scratch: None },
            None => {
                let scratch = Scratch::new();
                Self { path: Self::compile(&scratch), _scratch: Some(scratch) }
            }
        })
    }

    /// Compiles the module for other processes, which adopt it.
    pub fn compile(scratch: &Scratch) -> PathBuf {
        let source = scratch.write("pam_test.c", include_str!("../c/pam_test.c"), 0o600);
        let path = scratch.join(FILE);
        let (source, output) = (source.to_string_lossy(), path.to_string_lossy());
        command::run(
            "cc",
            &["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", &output, &source, "-lpam"],
        );
        path
    }

    /// From now on the module of this process is the one compiled in this directory.
    pub fn adopt(directory: &Path) {
        ADOPTED.get_or_init(|| directory.join(FILE));
    }

    /// The shared object.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lines of a service file that run the module with these arguments in both phases.
    pub fn stack(&self, arguments: &[&str]) -> String {
        let quoted: String =
            arguments.iter().map(|argument| format!(" [{}]", argument.replace(']', "\\]"))).collect();
        let path = self.path.display();
        ["auth", "account"].map(|phase| format!("{phase} required {path}{quoted}\n")).concat()
    }
}

/// Where a module stops until the test lets it go on; the test waits for its arrival.
#[derive(Debug)]
pub struct Gate {
    scratch: Scratch,
    reached: File,
    release: File,
}

impl Gate {
    /// Makes a gate nobody is at.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let scratch = Scratch::new();
        let [reached, release] = ["reached", "release"].map(|name| {
            let path = scratch.join(name);
            nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o600))
                .unwrap_or_else(|error| panic!("mkfifo: {error}"));
            crate::scratch::set_mode(&path, 0o666);
            let opened = OpenOptions::new().read(true).write(true).open(&path);
            opened.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        });
        Self { scratch, reached, release }
    }

    /// The module argument that announces the module here and goes on.
    pub fn tell(&self) -> String {
        format!("tell={}", self.scratch.join("reached").display())
    }

    /// The module argument that waits here for [`Gate::open`].
    pub fn wait(&self) -> String {
        format!("wait={}", self.scratch.join("release").display())
    }

    /// The module argument that announces the end of the transaction here.
    pub fn at_end(&self) -> String {
        format!("at-end={}", self.scratch.join("reached").display())
    }

    /// Waits until a module has arrived and returns the pid of its process; panics when none comes.
    pub fn arrival(&self) -> i32 {
        self.arrival_within(PATIENCE)
            .unwrap_or_else(|| panic!("no PAM module came to the gate within {PATIENCE:?}"))
    }

    /// As [`Gate::arrival`] for at most `limit`; nothing if none came.
    pub fn arrival_within(&self, limit: Duration) -> Option<i32> {
        let end = Instant::now() + limit;
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).ok()?;
            match poll(&mut [PollFd::new(&self.reached, PollFlags::IN)], Some(&left)) {
                Ok(0) => return None,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("poll on a gate: {error}"),
            }
            let mut byte = [0];
            (&self.reached).read_exact(&mut byte).unwrap_or_else(|error| panic!("reading a gate: {error}"));
            line.extend_from_slice(&byte);
        }
        String::from_utf8_lossy(&line).split_whitespace().last()?.parse().ok()
    }

    /// Lets one module go on.
    pub fn open(&self) {
        (&self.release).write_all(b"!").unwrap_or_else(|error| panic!("opening a gate: {error}"));
    }
}
