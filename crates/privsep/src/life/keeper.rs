//! The keeper: it waits. For the helper, to start another one when that was killed; for OpenVPN, to end the helper with
//! it. It reads no message, and keeps root.

mod deaths;
mod leftovers;

use std::convert::Infallible;
use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

use super::generation::{Generation, KeeperPipe};
use super::messages::News;
use super::{DONE, MISTRUST};
use crate::channel::{Channel, Message, above_standard};
use crate::confine::{self, Confinement, Cores, Group, MEANT_FOR_OPENVPN, Output};
use crate::inherited::Numbers;
use crate::line_log;
use crate::os::{self, Ended};
use crate::parent::Parent;
use crate::wire::Writer;
use deaths::Deaths;

/// Between two tries to fork a helper.
const RETRY: Duration = Duration::from_secs(1);
/// How long a helper may take to end in order when OpenVPN is gone. Less than the front waits when it closes the plugin.
const ORDERLY_END: Duration = Duration::from_secs(4);
/// How long it may take after SIGKILL; one that waits for a device can take for ever.
const KILL_TO_GONE: Duration = Duration::from_millis(500);

/// What a keeper is to do.
pub struct Plan<'a> {
    /// What the helper is called in the log.
    pub name: &'a str,
    /// As [`Confinement::title`], for the keeper.
    pub title: &'a str,
    /// As [`Confinement::command`], for the keeper.
    pub command: &'a CStr,
    /// Standard output and error of keeper and helpers.
    pub output: Output<'a>,
    /// As [`Confinement::cores`].
    pub cores: Cores,
    /// How the keeper learns which process OpenVPN is.
    pub openvpn: OpenVpn,
    /// What becomes of processes that a dead helper has left.
    pub leftovers: Leftovers,
    /// Logs a line; must not wait.
    pub log: fn(&str),
}

/// Which process OpenVPN is. End of file on the life line tells of its end too, but only when nobody else holds a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenVpn {
    /// The one that forks the keeper.
    Parent,
    /// One that the parent is going to fork before it ends, as `daemon` does. It says so itself: [`Kept::introduce`](super::Kept::introduce).
    Introduced,
}

/// What becomes of processes that a dead helper has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftovers {
    /// They are killed before the next helper is started.
    Killed,
    /// They go on.
    Kept,
}

struct Keeper<'a> {
    plan: &'a Plan<'a>,
    /// The helpers' end of the channel. Never read here.
    socket: OwnedFd,
    life_line: OwnedFd,
    introduced: bool,
    openvpn: Option<Parent>,
    child_exits: SignalFd,
    to_helper: OwnedFd,
    helpers_end: OwnedFd,
}

/// What the keeper has waited for.
enum Happened {
    OpenVpnGone,
    HelperEnded(Ended),
    TimeOver,
}

/// The whole life of the keeper, in a child of `parent`.
pub(super) fn run<Out: Message, In: Message>(
    plan: &Plan<'_>,
    parent: Pid,
    socket: OwnedFd,
    life_line: OwnedFd,
    live: impl Fn(Generation<Out, In>) -> Infallible,
) -> Infallible {
    let lines = line_log::kept();
    let keep = [Some(socket.as_fd()), Some(life_line.as_fd()), lines.as_ref().map(|lines| lines.as_fd())];
    Confinement {
        title: plan.title,
        command: plan.command,
        group: Group::Session,
        output: plan.output,
        keep: &keep.into_iter().flatten().collect::<Vec<_>>(),
        // Of helpers that call functions of OpenVPN's.
        numbers: Numbers::Occupied,
        ignore: &[Signal::SIGPIPE],
        withstand: &MEANT_FOR_OPENVPN,
        cores: plan.cores,
    }
    .enter();
    drop(lines);
    let status = match Keeper::new(plan, socket, life_line, parent) {
        Ok(mut keeper) => keeper.serve(live),
        Err(Errno::ESRCH) => DONE,
        Err(errno) => {
            (plan.log)(&format!("the keeper cannot start: {}", errno.desc()));
            super::FAILED
        }
    };
    os::exit_now(status)
}

impl<'a> Keeper<'a> {
    fn new(plan: &'a Plan<'a>, socket: OwnedFd, life_line: OwnedFd, parent: Pid) -> nix::Result<Self> {
        let openvpn = match plan.openvpn {
            OpenVpn::Parent => Parent::watch(parent)?,
            OpenVpn::Introduced => None,
        };
        if plan.leftovers == Leftovers::Killed {
            // What a helper's children leave comes here when the helper has died.
            let _ = nix::sys::prctl::set_child_subreaper(true);
        }
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        mask.thread_block()?;
        let child_exits = SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        let (helpers_end, to_helper) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        let introduced = plan.openvpn == OpenVpn::Parent;
        Ok(Keeper { plan, socket, life_line, introduced, openvpn, child_exits, to_helper, helpers_end })
    }

    /// Keeps a helper alive; the keeper's own exit status.
    fn serve<Out: Message, In: Message>(&mut self, live: impl Fn(Generation<Out, In>) -> Infallible) -> i32 {
        let (mut number, mut deaths, mut fork_failed) = (0, Deaths::default(), false);
        loop {
            number += 1;
            let helper = match self.fork(number, &live) {
                Ok(helper) => helper,
                Err(errno) => {
                    self.lost(number);
                    if !fork_failed {
                        self.say(&format!(" cannot be started: {}; trying again every second", errno.desc()));
                    }
                    fork_failed = true;
                    match self.wait(None, Some(Instant::now() + RETRY)) {
                        Happened::OpenVpnGone => return DONE,
                        Happened::HelperEnded(_) | Happened::TimeOver => continue,
                    }
                }
            };
            fork_failed = false;
            confine::release_memory();
            let how = match self.wait(Some(helper), None) {
                Happened::HelperEnded(how) => how,
                Happened::OpenVpnGone | Happened::TimeOver => {
                    self.end(helper);
                    return DONE;
                }
            };
            if how == Ended::Exited(DONE) {
                self.clear_leftovers();
                return DONE;
            }
            // First of all, since somebody may wait for a verdict.
            self.lost(number);
            self.clear_leftovers();
            let gone = format!(", process {helper}, is gone ({how})");
            if how == Ended::Exited(MISTRUST) {
                self.say(&format!("{gone}, and no other one is started; restart OpenVPN"));
                return MISTRUST;
            }
            if deaths.are_too_many(Instant::now()) {
                self.say(&format!("{gone}, {}; giving up, restart OpenVPN", Deaths::LIMIT));
                return super::FAILED;
            }
            self.say(&format!("{gone}; starting another one"));
        }
    }

    fn say(&self, what: &str) {
        (self.plan.log)(&format!("the {}{what}", self.plan.name));
    }

    fn fork<Out: Message, In: Message>(
        &self,
        number: u32,
        live: impl Fn(Generation<Out, In>) -> Infallible,
    ) -> nix::Result<Pid> {
        // The helper's own. Those of the keeper are in frames to which the helper does not return.
        let own = |descriptor: &OwnedFd| {
            descriptor.try_clone().map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))
        };
        let (socket, pipe) = (above_standard(own(&self.socket)?)?, above_standard(own(&self.helpers_end)?)?);
        os::fork(move || {
            live(Generation { number, front: Channel::from_socket(socket), keeper: KeeperPipe(pipe) })
        })
    }

    /// Tells the front that what it has sent so far is lost. Without room for it, the number of the next helper does.
    fn lost(&self, generation: u32) {
        let mut writer = Writer::default();
        if News::<Nothing>::Lost(generation).encode(&mut writer).is_ok() {
            let _ = os::send_packet(self.socket.as_fd(), writer.bytes(), &[], false);
        }
    }

    /// Waits for the helper, for OpenVPN, or until a time.
    fn wait(&mut self, helper: Option<Pid>, until: Option<Instant>) -> Happened {
        loop {
            if let Some(how) = helper.and_then(leftovers::reap) {
                return Happened::HelperEnded(how);
            }
            let timeout = until.map_or(PollTimeout::NONE, |until| {
                let left = until.saturating_duration_since(Instant::now());
                PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
            });
            // Its end is an event in any case.
            let from_front = if self.introduced { PollFlags::empty() } else { PollFlags::POLLIN };
            let mut polled = vec![
                PollFd::new(self.child_exits.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.life_line.as_fd(), from_front),
            ];
            polled.extend(self.openvpn.as_ref().map(|it| PollFd::new(it.as_fd(), PollFlags::POLLIN)));
            if let Err(errno) = poll(&mut polled, timeout) {
                if errno != Errno::EINTR {
                    // Out of memory, most likely, and no event tells when that is over.
                    std::thread::sleep(Duration::from_millis(10));
                }
                continue;
            }
            let happened = |which: usize| polled.get(which).and_then(PollFd::revents);
            let life_line = happened(1).unwrap_or(PollFlags::empty());
            if life_line.intersects(PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL)
                || happened(2).is_some_and(|flags| !flags.is_empty())
            {
                return Happened::OpenVpnGone;
            }
            if life_line.contains(PollFlags::POLLIN) {
                self.introduce();
            }
            while let Ok(Some(_)) = self.child_exits.read_signal() {}
            if until.is_some_and(|until| Instant::now() >= until) {
                return Happened::TimeOver;
            }
        }
    }

    /// OpenVPN says which process it is now. Only the first message counts: whoever takes OpenVPN over cannot change it.
    fn introduce(&mut self) {
        let Ok(packet) = os::receive_packet(self.life_line.as_fd(), &mut [0], true, false) else { return };
        // Not closed here: to close a file of FUSE means to wait for whoever serves it.
        std::mem::forget(packet.descriptors);
        self.introduced = true;
        self.openvpn = packet.sender.and_then(|sender| Parent::watch_sender(Pid::from_raw(sender.pid)));
    }

    /// OpenVPN is gone: the helper ends in order, or is killed.
    fn end(&self, helper: Pid) {
        let _ = nix::unistd::write(&self.to_helper, &[0]);
        if self.reap_within(helper, ORDERLY_END).is_none() {
            crate::kill_group(helper);
            self.reap_within(helper, KILL_TO_GONE);
        }
        self.clear_leftovers();
    }

    fn reap_within(&self, helper: Pid, patience: Duration) -> Option<Ended> {
        let end = Instant::now() + patience;
        loop {
            let ended = leftovers::reap(helper);
            let left = end.saturating_duration_since(Instant::now());
            if ended.is_some() || left.is_zero() {
                return ended;
            }
            leftovers::wait(&self.child_exits, left);
        }
    }

    fn clear_leftovers(&self) {
        if self.plan.leftovers == Leftovers::Killed {
            leftovers::clear(&self.child_exits);
        }
    }
}

/// What the keeper says has no message in it.
struct Nothing;

impl Message for Nothing {
    const MAX_BYTES: usize = 0;

    fn encode(&self, _to: &mut Writer) -> Result<(), crate::WireError> {
        Ok(())
    }

    fn decode(_from: crate::Reader<'_>) -> Result<Self, crate::WireError> {
        Err(crate::WireError::Short)
    }
}
