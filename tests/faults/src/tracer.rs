//! Watches the calls of a run, and has one of them fail.
//!
//! The process with the plugin and all that it starts are traced (ptrace). A call that is to fail is not made: its process
//! makes a harmless one, and gets the error. Only the processes that are of interest stop at their calls.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::call::Call;
use crate::guard::{Guard, lock};
use crate::phase::{Phase, refusing};
use crate::registers::{Entering, signed};
use crate::role::{Family, Role};

/// Stops of a process that has just been attached, and those of its group.
const EVENT_STOP: i32 = 128;

/// A call, by its place among those of its kind that its process makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) role: Role,
    pub(crate) call: &'static str,
    /// From 1.
    pub(crate) index: usize,
}

/// A call that was made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) place: Place,
    pub(crate) phase: Phase,
    /// Somebody is decided meanwhile who must not be let in.
    pub(crate) refusing: bool,
    /// The kind of what its first argument names.
    pub(crate) at: String,
}

/// What came of watching.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    /// All calls that can fail, if none was to.
    pub(crate) calls: Vec<Made>,
    /// Numbers of calls of which nobody has said whether they can fail.
    pub(crate) unknown: BTreeSet<i64>,
    /// The call was made to fail.
    pub(crate) hit: Option<Made>,
    /// How the process with the plugin has ended.
    pub(crate) end: String,
    /// Somebody did not end.
    pub(crate) stuck: Option<String>,
}

/// Watches the run that `start` lets go, until all of its processes are gone. `fault`: the call that is to fail; `None`: all are
/// noted.
pub(crate) fn watch(host: Pid, fault: Option<(Place, Errno)>, start: impl FnOnce()) -> Watched {
    let family = Arc::new(Mutex::new(Family::new(host)));
    let guard = Guard::new(Arc::clone(&family));
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(host, options).unwrap_or_else(|errno| panic!("ptrace: {errno}"));
    // It waits; from the next call on it stops.
    ptrace::interrupt(host).unwrap_or_else(|errno| panic!("ptrace: {errno}"));
    let mut tracer = Tracer {
        family: &family,
        fault,
        phase: Phase::Between,
        refusing: false,
        inside: HashMap::new(),
        counts: HashMap::new(),
        watched: Watched::default(),
    };
    let mut start = Some(start);
    loop {
        // Only what this thread traces: other runs go on beside it.
        let status = match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
            Ok(status) => status,
            Err(Errno::EINTR) => continue,
            Err(_) => break,
        };
        tracer.stopped(host, status);
        if let Some(start) = start.take() {
            start();
        }
    }
    let mut watched = tracer.watched;
    watched.stuck = guard.end();
    watched
}

/// A call that fails, and the result that it is given.
type Failing = (Entering, Option<i64>);

struct Tracer<'a> {
    family: &'a Mutex<Family>,
    fault: Option<(Place, Errno)>,
    phase: Phase,
    refusing: bool,
    /// The processes that are in a call; the one that fails, with its result if it is made to have one.
    inside: HashMap<Pid, Option<Failing>>,
    counts: HashMap<(Role, &'static str), usize>,
    watched: Watched,
}

impl Tracer<'_> {
    fn family(&self) -> MutexGuard<'_, Family> {
        lock(self.family)
    }

    fn stopped(&mut self, host: Pid, status: WaitStatus) {
        match status {
            WaitStatus::Exited(who, _) | WaitStatus::Signaled(who, ..) => {
                self.family().gone(who);
                self.inside.remove(&who);
                if who == host {
                    self.watched.end = match status {
                        WaitStatus::Exited(_, status) => format!("exited with status {status}"),
                        _ => format!("{status:?}"),
                    };
                }
            }
            WaitStatus::PtraceSyscall(who) => {
                self.at_call(who);
                self.go_on(who, None);
            }
            WaitStatus::PtraceEvent(who, _, EVENT_STOP) => self.go_on(who, None),
            WaitStatus::PtraceEvent(who, ..) => {
                // Somebody new, who is looked at in the order in which they are made.
                if let Ok(new) = ptrace::getevent(who) {
                    let new = Pid::from_raw(i32::try_from(new).unwrap_or(0));
                    self.family().role(new);
                }
                self.go_on(who, None);
            }
            WaitStatus::Stopped(who, signal) => self.go_on(who, Some(signal)),
            WaitStatus::Continued(_) | WaitStatus::StillAlive => {}
        }
    }

    /// Whether the calls of this one are looked at.
    fn is_of_interest(&self, role: Role) -> bool {
        match self.fault {
            None => role != Role::Other,
            // The front's calls say where it is.
            Some((place, _)) => self.watched.hit.is_none() && place.role == role,
        }
    }

    fn go_on(&mut self, who: Pid, signal: Option<Signal>) {
        let role = self.family().role(who);
        // If it is in a call that fails, its end is still to come.
        let stops = self.is_of_interest(role) || self.inside.get(&who).is_some_and(Option::is_some);
        // It may be gone.
        let _ = if stops { ptrace::syscall(who, signal) } else { ptrace::cont(who, signal) };
        if !stops {
            self.inside.remove(&who);
        }
    }

    /// Before a call or after it.
    fn at_call(&mut self, who: Pid) {
        match self.inside.remove(&who) {
            Some(Some((entering, result))) => {
                let _ = entering.end(who, result);
            }
            Some(None) => {}
            None => {
                let fails = self.before(who).unwrap_or_default();
                self.inside.insert(who, fails);
            }
        }
    }

    /// What this call is to fail with.
    fn before(&mut self, who: Pid) -> nix::Result<Option<Failing>> {
        let role = self.family().role(who);
        let entering = Entering::of(who)?;
        if let Some(phase) = Phase::marked(entering.number, entering.arguments[0]) {
            self.phase = phase;
            return Ok(None);
        }
        if let Some(refusing) = refusing(entering.number, entering.arguments[0]) {
            self.refusing = refusing;
            return Ok(None);
        }
        if role == Role::Front && self.phase == Phase::Between {
            return Ok(None);
        }
        let Some(call) = Call::of(entering.number) else {
            if !Call::cannot_fail(entering.number) {
                self.watched.unknown.insert(entering.number);
            }
            return Ok(None);
        };
        if !call.can_fail(entering.arguments) {
            return Ok(None);
        }
        let Some(at) = target(who, role, call.name(), entering.arguments) else { return Ok(None) };
        let index = self.counts.entry((role, call.name())).or_default();
        *index += 1;
        let place = Place { role, call: call.name(), index: *index };
        let made = Made { place, phase: self.phase, refusing: self.refusing, at };
        match self.fault {
            None => self.watched.calls.push(made),
            Some((wanted, errno)) if wanted == place && self.watched.hit.is_none() => {
                self.watched.hit = Some(made);
                if call.name() == "brk" {
                    entering.avert_brk(who)?;
                    return Ok(Some((entering, None)));
                }
                if !call.made {
                    entering.avert(who)?;
                }
                return Ok(Some((entering, Some(-i64::from(errno as i32)))));
            }
            Some(_) => {}
        }
        Ok(None)
    }
}

/// What the host does for the plugin: it loads it, has a log, and guards the structures that it passes by a page.
const HOST: &str = "host";
/// What the C library maps to have memory is larger.
const GUARD_BYTES: u64 = 64 * 1024;

/// The kind of what a call is about; nothing: it fails in any case, or is not about anything.
fn target(who: Pid, role: Role, call: &str, arguments: [u64; 5]) -> Option<String> {
    let [first, second, third, _, fifth] = arguments;
    let link = |number: u64| {
        let link = fs::read_link(format!("/proc/{who}/fd/{}", signed(number)));
        link.map(|link| link.to_string_lossy().into_owned()).ok()
    };
    let is_path = ["open", "stat", "lstat", "access", "readlink", "unlink", "rename"].contains(&call);
    let is_at =
        call.ends_with("at") || call.starts_with("faccessat") || call == "statx" || call == "renameat2";
    let name = if is_path {
        text(who, first)
    } else if is_at {
        Some(text(who, second)).filter(|name| !name.is_empty()).or_else(|| link(first)).unwrap_or_default()
    } else if call == "mmap" {
        let of_file = fifth & 0xffff_ffff != 0xffff_ffff;
        if role == Role::Front && (of_file || second < GUARD_BYTES) { HOST.into() } else { String::new() }
    } else if call == "mprotect" {
        if role == Role::Front && third == 0 { HOST.into() } else { String::new() }
    } else {
        link(first).unwrap_or_default()
    };
    if name.contains(".so") || name.contains("/ovpn-host-") || name.ends_with("/host.log") || name == HOST {
        return None;
    }
    // The SDK asks of each number whether it is a socket.
    if call == "getsockopt" && !name.starts_with("socket:") {
        return None;
    }
    let kind = name.split(':').next().unwrap_or_default();
    Some(if kind.starts_with('/') { kind.rsplit('/').next().unwrap_or_default() } else { kind }.into())
}

/// A path in the memory of a process.
fn text(who: Pid, from: u64) -> String {
    use std::os::unix::fs::FileExt;
    let mut bytes = [0; 256];
    let read = fs::File::open(format!("/proc/{who}/mem")).and_then(|memory| memory.read_at(&mut bytes, from));
    let bytes = &bytes[..read.unwrap_or(0)];
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}
