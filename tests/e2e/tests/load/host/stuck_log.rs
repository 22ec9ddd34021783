//! Nobody reads the log any more: the pipe it goes into is full, and who writes there waits for ever.
//!
//! Both ways out are stuck, what OpenVPN has as standard output and the file that its log function opens in a forked
//! helper. Only the call itself, in this process, may still log.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::{dup2_stderr, dup2_stdout, mkfifo};
use ovpn_plugin_host::{FuncResult, LoginOutcome, Verdict};

use crate::check::{NEW_CLIENT, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);

/// A named pipe that is full.
struct FullPipe {
    pipe: File,
}

impl FullPipe {
    fn open(path: &Path) -> Self {
        mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).expect("mkfifo");
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(OFlag::O_NONBLOCK.bits());
        Self { pipe: options.open(path).expect("the pipe opens") }
    }

    fn fill(&self) {
        for size in [4096, 1] {
            let junk = vec![b'\n'; size];
            while (&self.pipe).write(&junk).is_ok() {}
        }
    }

    /// Reads what there is.
    fn drain(&self) {
        while (&self.pipe).read(&mut [0; 65_536]).is_ok() {}
    }
}

/// The pipes, until they are read from again: at the end, or when `PATIENCE` is over.
struct Stuck {
    over: mpsc::Sender<()>,
    reader: JoinHandle<bool>,
    own: [File; 2],
}

impl Stuck {
    /// A plugin whose log is stuck. From here on nothing may panic in this process before [`Stuck::end`].
    fn new(options: &str, arguments: &[&str]) -> (Subject, Self) {
        let scratch = harness::scratch::Scratch::new();
        let output = FullPipe::open(&scratch.join("stdout"));
        let writer = OpenOptions::new().write(true).open(scratch.join("stdout")).expect("the pipe opens");
        let dup = |own: std::os::fd::BorrowedFd<'_>| File::from(own.try_clone_to_owned().expect("dup"));
        let own = [dup(std::io::stdout().as_fd()), dup(std::io::stderr().as_fd())];
        dup2_stdout(&writer).and_then(|()| dup2_stderr(&writer)).expect("dup2");
        // The helper inherits standard output, and opens the file by its name.
        let subject = Subject::new(options, arguments);
        let log = subject.plugin.log_file().to_path_buf();
        std::fs::rename(&log, log.with_extension("of-this-process")).expect("the log is there");
        let log = FullPipe::open(&log);
        output.fill();
        log.fill();
        let (over, told) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            let in_time = told.recv_timeout(PATIENCE).is_ok();
            loop {
                log.drain();
                output.drain();
                match told.recv_timeout(Duration::from_millis(10)) {
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    _ => return in_time,
                }
            }
        });
        (subject, Self { over, reader, own })
    }

    /// Reads again; whether nobody had waited for that.
    fn end(self, subject: Subject) -> bool {
        let _ = self.over.send(());
        let [stdout, stderr] = self.own;
        let restored = dup2_stdout(&stdout).and_then(|()| dup2_stderr(&stderr));
        subject.close_quietly();
        drop(self.over);
        let in_time = self.reader.join().unwrap_or(false);
        restored.is_ok() && in_time
    }
}

/// What a module prints is one reason for the supervisor to log; that a login fails is another.
const PRINTS: &str = "auth/print";

fn login(subject: &Subject, user: &str, deferring: bool) -> Option<LoginOutcome> {
    let login = deferred(user, "192.0.2.1", NEW_CLIENT);
    let login = if deferring { login } else { login.without_env("deferred_auth_pam") };
    subject.plugin.login(&login, PATIENCE).ok()
}

pub(crate) fn time_limit() {
    let (subject, stuck) = Stuck::new("timeout=2", &[PRINTS, "auth/hang:hang"]);
    let outcomes = [login(&subject, "hang", false), login(&subject, "hang", false)];
    assert!(stuck.end(subject), "the call waited for the reader of the log: {outcomes:?}");
    for outcome in outcomes {
        let outcome = outcome.expect("the call can be made");
        assert_eq!(outcome.result, FuncResult::Error, "{outcome}");
        let reason = outcome.reason.as_deref().unwrap_or_default();
        assert!(reason.starts_with("TEMP[") && reason.contains("does not answer"), "{outcome}");
    }
}

/// Accepted, refused and temporary ones alike.
pub(crate) fn deferred_verdict() {
    let arguments = [PRINTS, "auth/hang:hang", "auth/sleep=500", "auth/bad:deny"];
    let (subject, stuck) = Stuck::new("timeout=2 grace=0", &arguments);
    let users = ["good", "bad", "hang", "good"];
    let outcomes = users.map(|user| login(&subject, user, true));
    assert!(stuck.end(subject), "a verdict waited for the reader of the log: {outcomes:?}");
    for (user, outcome) in users.iter().zip(outcomes) {
        let outcome = outcome.expect("the call can be made");
        let wanted = if *user == "good" { Verdict::Accepted } else { Verdict::Rejected };
        assert_eq!((outcome.result, outcome.verdict), (FuncResult::Deferred, Some(wanted)), "{outcome}");
    }
}
