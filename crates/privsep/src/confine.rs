//! What a forked child does to itself before it works: drop what it inherited, become unreadable to others, take a
//! name of its own.
//!
//! `no_new_privs` is left alone on purpose: programs a helper starts may have to be setuid (unix_chkpwd is).

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::mman::{MlockAllFlags, mlockall};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::stat::Mode;
use nix::unistd::Pid;

use crate::channel::above_standard;
use crate::inherited_descriptors::{self, InheritedNumbers};
use crate::os::{self, Disposition};
use crate::title::Title;

/// Where standard output and standard error of the child go. Standard input is always `/dev/null`.
#[derive(Clone, Copy)]
pub enum Output<'a> {
    /// To where the parent's go.
    Inherit,
    /// Nowhere.
    Null,
    /// Both into this descriptor.
    Into(BorrowedFd<'a>),
}

/// How far the child leaves its parent's terminal and process group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// A session of its own: no terminal's signals arrive.
    Session,
    /// A process group of its own within the parent's session: it can be killed with all it starts.
    Own,
}

/// What a child keeps and becomes.
pub struct Confinement<'a> {
    /// Shown by `ps` as the command line.
    pub title: &'a str,
    /// Shown by `ps` and `top` as the command name, at most 15 bytes.
    pub command: &'a CStr,
    /// Session or process group.
    pub group: Group,
    /// Standard output and error.
    pub output: Output<'a>,
    /// Descriptors that stay open beside the standard three.
    pub keep: &'a [BorrowedFd<'a>],
    /// What becomes of the numbers of all others.
    pub numbers: InheritedNumbers,
    /// Signals to ignore; a program the child starts inherits that.
    pub ignore: &'a [Signal],
    /// Signals that do nothing to the child, and have their default disposition in a program it starts. All others get
    /// their default disposition, and none stays blocked.
    pub withstand: &'a [Signal],
    /// What becomes of the limit on core files.
    pub cores: Cores,
}

/// What becomes of the limit on core files. The child itself leaves none either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// Lowered for good, also for what the child starts.
    Never,
    /// As it was, for the programs that the child starts. The child itself is not dumpable.
    Inherited,
}

impl Confinement<'_> {
    /// Applies everything. What fails here fails without harm: the child can still do its work, so no error is returned.
    /// The title can be changed later.
    pub fn enter(&self) -> Title {
        // They have been blocked since the fork. Dispositions first, so that none of those to be withstood finds its
        // signal unblocked and still fatal.
        set_dispositions(Signal::iterator(), self.ignore, self.withstand);
        os::reset_realtime_signals();
        unblock_and_stop_timers();
        match self.group {
            Group::Session => drop(nix::unistd::setsid()),
            Group::Own => drop(nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0))),
        }
        self.settle_descriptors();
        // One byte: too little for a core file, and, unlike zero, also obeyed when cores go to a program.
        if self.cores == Cores::Never {
            let _ = setrlimit(Resource::RLIMIT_CORE, 1, 1);
        }
        let title = Title::take(self.command);
        title.show(&[self.title]);
        let _ = nix::sys::prctl::set_dumpable(false);
        title
    }

    fn settle_descriptors(&self) {
        let keep: Vec<RawFd> = self.keep.iter().map(AsRawFd::as_raw_fd).collect();
        let mut null = open_null();
        if null.is_err() && self.numbers == InheritedNumbers::Free {
            // No descriptor is left, most likely: there are some once those are closed that are given up anyway.
            inherited_descriptors::close_all_but([&keep[..], &self.output_number()[..]].concat());
            null = open_null();
        }
        match null {
            Ok(null) => {
                self.connect_standard_descriptors(null.as_fd());
                inherited_descriptors::give_up_all_but(&keep, self.numbers, null.as_fd());
                // Closed with the others.
                std::mem::forget(null);
            }
            // No /dev/null, in a chroot for instance: then the standard three stay what they are.
            Err(_) => inherited_descriptors::close_all_but(keep),
        }
    }

    fn output_number(&self) -> Vec<RawFd> {
        if let Output::Into(descriptor) = &self.output { vec![descriptor.as_raw_fd()] } else { Vec::new() }
    }

    fn connect_standard_descriptors(&self, null: BorrowedFd<'_>) {
        let _ = nix::unistd::dup2_stdin(null);
        let output = match &self.output {
            Output::Inherit => return,
            Output::Null => null,
            Output::Into(descriptor) => *descriptor,
        };
        let _ = nix::unistd::dup2_stdout(output);
        let _ = nix::unistd::dup2_stderr(output);
    }
}

/// What is meant for OpenVPN when a whole control group, container or name is signalled: reload, print status, restart,
/// stop. Even at the last OpenVPN has something to finish first, and takes its helpers along when it ends. They are to be
/// withstood, neither ignored nor blocked, which a program that is started would inherit.
pub const MEANT_FOR_OPENVPN: [Signal; 6] =
    [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGUSR2];

fn open_null() -> nix::Result<OwnedFd> {
    nix::fcntl::open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty()).and_then(above_standard)
}

/// Default dispositions but for `ignore`, no signal blocked, no timer running.
pub fn reset_signals(ignore: &[Signal]) {
    set_dispositions(Signal::iterator(), ignore, &[]);
    os::reset_realtime_signals();
    unblock_and_stop_timers();
}

fn set_dispositions(signals: impl IntoIterator<Item = Signal>, ignore: &[Signal], withstand: &[Signal]) {
    for signal in signals.into_iter().filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP)) {
        let disposition = match () {
            () if ignore.contains(&signal) => Disposition::Ignore,
            () if withstand.contains(&signal) => Disposition::Nothing,
            () => Disposition::Default,
        };
        os::set_disposition(signal, disposition);
    }
}

fn unblock_and_stop_timers() {
    // Timers first: what they would still send must not find its signal unblocked.
    os::stop_timers();
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
}

/// Lets other processes have the processor first: adds to the nice value, see nice(2).
pub fn lower_priority(by: i32) {
    os::lower_priority(by);
}

/// Whether the memory of this process is locked, as OpenVPN's is with `mlock`. A child has to lock its own.
#[must_use]
pub fn memory_is_locked() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:"));
    locked.is_some_and(|locked| !locked.trim_start().starts_with("0 "))
}

/// Locks the memory of this process, what it uses now and what it will: none of it gets into swap space.
///
/// # Errors
/// `ENOMEM`, `EPERM`: the limit on locked memory (RLIMIT_MEMLOCK) is too low, and there is no `CAP_IPC_LOCK`.
pub fn lock_memory() -> nix::Result<()> {
    let all = MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE;
    // Not what is mapped and never used, most of which belongs to libraries.
    match mlockall(all | MlockAllFlags::from_bits_retain(libc::MCL_ONFAULT)) {
        // Linux before 4.4.
        Err(Errno::EINVAL) => mlockall(all),
        done => done,
    }
}

/// Lets go what foreign code has printed through the C library, which may otherwise hold it back until much later.
pub fn flush_output() {
    os::flush_c_output();
}
