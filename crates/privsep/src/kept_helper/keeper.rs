//! The keeper starts another helper when one was killed, and ends the helper when OpenVPN ends. It also forks the helper's
//! workers, so that the helper needs no rights, and ends what they leave running. It keeps root, and reads nothing but
//! messages of fixed size from the helper.

mod plan;
mod reaper;
mod requests;
mod restart_limit;
mod shutdown;
mod workers;

use std::convert::Infallible;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

use super::envelope::News;
use super::keeper_link::KeeperLink;
use super::keeper_messages::{ToHelper, ToKeeper};
use super::new_helper::NewHelper;
use super::queued_channel::QueuedChannel;
use super::{DONE, MISTRUST};
use crate::channel::{Channel, Message, above_standard, sockets};
use crate::confine::{self, Confinement, Group, MEANT_FOR_OPENVPN};
use crate::idle_wait;
use crate::inherited_descriptors::InheritedNumbers;
use crate::line_log;
use crate::lines;
use crate::orphans;
use crate::os::{self, Ended};
use crate::parent_exit::ParentExit;
use crate::wire::Writer;
use reaper::Reaper;
use restart_limit::RestartLimit;
use workers::WorkerProcesses;

pub use plan::{OpenVpn, Plan};
pub use workers::{NewWorker, WorkersPlan};

/// Between two tries to fork a helper.
const RETRY: Duration = Duration::from_secs(1);
/// How long a helper that has nothing else to do at its end may take for it.
pub const ORDERLY_END: Duration = Duration::from_secs(4);
/// How long it may take after SIGKILL; one that waits for a device can take for ever.
const KILL_TO_GONE: Duration = Duration::from_millis(500);

struct Keeper<'a> {
    plan: &'a Plan<'a>,
    /// The helpers' end of the channel. Never read here.
    socket: OwnedFd,
    life_line: OwnedFd,
    introduced: bool,
    openvpn: Option<ParentExit>,
    openvpn_gone: bool,
    child_exits: SignalFd,
    memory_locked: bool,
}

/// The helper there is, and what belongs to it.
struct RunningHelper<'a> {
    number: u32,
    helper: Pid,
    link: QueuedChannel<ToHelper, ToKeeper>,
    workers: Option<WorkerProcesses<'a>>,
    reaper: Reaper,
    /// Nothing more is read from it: it has closed its end, or it was killed for a protocol error.
    deaf: bool,
}

/// The keeper's ends of what it shares with the front.
pub(super) struct KeeperSockets {
    /// The helpers' end of the channel.
    pub(super) socket: OwnedFd,
    /// See [`KeptHelper::introduce`](super::KeptHelper::introduce).
    pub(super) life_line: OwnedFd,
}

/// The whole life of the keeper, in a child of `parent`. `memory_locked`: that one's memory is locked.
pub(super) fn run<Out: Message, In: Message>(
    plan: &Plan<'_>,
    parent: Pid,
    memory_locked: bool,
    sockets: KeeperSockets,
    live: impl Fn(NewHelper<Out, In>) -> Infallible,
) -> Infallible {
    let KeeperSockets { socket, life_line } = &sockets;
    let lines = line_log::kept();
    let keep = [Some(socket.as_fd()), Some(life_line.as_fd()), lines.as_ref().map(|lines| lines.as_fd())];
    Confinement {
        title: plan.title,
        command: plan.command,
        group: Group::Session,
        output: plan.output,
        keep: &keep.into_iter().flatten().chain(plan.hold.iter().copied()).collect::<Vec<_>>(),
        // Of helpers that call functions of OpenVPN's.
        numbers: InheritedNumbers::Occupied,
        ignore: &[Signal::SIGPIPE],
        withstand: &MEANT_FOR_OPENVPN,
        cores: plan.cores,
    }
    .enter();
    drop(lines);
    let status = match Keeper::new(plan, sockets, parent, memory_locked) {
        Ok(mut keeper) => keeper.serve(live),
        Err(Errno::ESRCH) => DONE,
        Err(errno) => {
            (plan.log)(&lines::keeper_cannot_start(errno.desc()).unlogged());
            super::FAILED
        }
    };
    if let Some(at_end) = plan.at_end {
        at_end();
    }
    os::exit_now(status)
}

impl<'a> Keeper<'a> {
    fn new(plan: &'a Plan<'a>, sockets: KeeperSockets, parent: Pid, lock_memory: bool) -> nix::Result<Self> {
        let openvpn = match plan.openvpn {
            OpenVpn::Parent => ParentExit::watch(parent)?,
            OpenVpn::Introduced => None,
        };
        if plan.workers.is_some() {
            // What workers leave comes here when they have died.
            let _ = orphans::adopt();
        }
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        mask.thread_block()?;
        let child_exits = SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        let locked = if lock_memory { confine::lock_memory() } else { Ok(()) };
        if let Err(errno) = locked {
            (plan.log)(&lines::memory_unlocked(errno.desc()).unlogged());
        }
        let memory_locked = lock_memory && locked.is_ok();
        let introduced = plan.openvpn == OpenVpn::Parent;
        let KeeperSockets { socket, life_line } = sockets;
        let openvpn_gone = false;
        Ok(Keeper { plan, socket, life_line, introduced, openvpn, openvpn_gone, child_exits, memory_locked })
    }

    /// Keeps a helper alive; the keeper's own exit status.
    fn serve<Out: Message, In: Message>(&mut self, live: impl Fn(NewHelper<Out, In>) -> Infallible) -> i32 {
        let (mut number, mut restart_limit, mut fork_failed) = (0, RestartLimit::default(), false);
        loop {
            number += 1;
            let mut current = match self.fork(number, &live) {
                Ok(current) => current,
                Err(errno) => {
                    self.lost(number);
                    if !fork_failed {
                        (self.plan.log)(&lines::cannot_be_started(self.plan.name, errno.desc()).unlogged());
                    }
                    fork_failed = true;
                    if self.pause(RETRY) {
                        return DONE;
                    }
                    continue;
                }
            };
            fork_failed = false;
            let how = self.attend(&mut current);
            let helper = current.helper;
            let how = match how {
                Some(how) if how != Ended::Exited(DONE) && !self.openvpn_gone => how,
                _ => {
                    self.end(current);
                    return DONE;
                }
            };
            // First of all, since somebody may wait for a verdict.
            self.lost(number);
            drop(current);
            self.clear_leftovers();
            let name = self.plan.name;
            if how == Ended::Exited(MISTRUST) {
                (self.plan.log)(&lines::gone_by_mistrust(name, helper, how).unlogged());
                return MISTRUST;
            }
            if restart_limit.reached_by_death(Instant::now()) {
                (self.plan.log)(&lines::gone_too_often(name, helper, how, RestartLimit::TEXT).unlogged());
                return super::FAILED;
            }
            (self.plan.log)(&lines::gone(name, helper, how).unlogged());
        }
    }

    fn fork<Out: Message, In: Message>(
        &self,
        number: u32,
        live: impl Fn(NewHelper<Out, In>) -> Infallible,
    ) -> nix::Result<RunningHelper<'a>> {
        // The helper's own. That of the keeper is in frames to which the helper does not return.
        let socket =
            self.socket.try_clone().map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
        let socket = above_standard(socket)?;
        let (own, helpers) = sockets()?;
        let (workers, for_workers) = self
            .plan
            .workers
            .as_ref()
            .map(|plan| WorkerProcesses::new(plan, self.memory_locked))
            .transpose()?
            .unzip();
        let memory_locked = self.memory_locked;
        let helper = os::fork(move || {
            if memory_locked {
                let _ = confine::lock_memory();
            }
            let keeper = KeeperLink::from_socket(helpers);
            live(NewHelper {
                number,
                front: Channel::from_socket(socket),
                keeper,
                memory_locked,
                for_workers,
            })
        })?;
        let reaper = Reaper::new(workers.is_some());
        Ok(RunningHelper {
            number,
            helper,
            link: QueuedChannel::new(Channel::from_socket(own)),
            workers,
            reaper,
            deaf: false,
        })
    }

    /// Tells the front that what it has sent so far is lost. Without room for it, the number of the next helper does.
    fn lost(&self, generation: u32) {
        let mut writer = Writer::default();
        if News::<line_log::Silence>::Lost(generation).encode(&mut writer).is_ok() {
            let _ = os::send_packet(self.socket.as_fd(), writer.bytes(), &[], false);
        }
    }

    /// Serves a helper until it has ended; how it has. `None`: OpenVPN is gone, and the helper does not end.
    fn attend(&mut self, current: &mut RunningHelper<'_>) -> Option<Ended> {
        let mut end: Option<(Instant, bool)> = None;
        loop {
            let now = Instant::now();
            if let Some(how) = self.reap(current, now) {
                return Some(how);
            }
            self.end_orphans(current, now);
            if !current.deaf {
                self.hear(current);
            }
            match end {
                Some((time, false)) if time <= now => {
                    crate::kill_group(current.helper);
                    end = Some((now + KILL_TO_GONE, true));
                }
                Some((time, true)) if time <= now => return None,
                _ => {}
            }
            let until = end.map(|(time, _)| time).into_iter().chain(current.reaper.next_event(now)).min();
            let link = Some(&current.link).filter(|_| !current.deaf);
            if self.wait(link, until) && end.is_none() {
                let _ = current.link.send(ToHelper::End, None);
                end = Some((Instant::now() + self.plan.orderly_end, false));
            }
        }
    }

    /// Reaps what has ended, and tells the helper of its workers; how it has ended itself.
    fn reap(&self, current: &mut RunningHelper<'_>, now: Instant) -> Option<Ended> {
        let mut own = None;
        for (process, how) in current.reaper.reap(now).0 {
            if process == current.helper {
                own = Some(how);
            } else if let Some(worker) = current.workers.as_mut().and_then(|workers| workers.reaped(process))
            {
                let _ = current.link.send(ToHelper::Ended(worker, how), None);
            }
        }
        own
    }

    fn end_orphans(&self, current: &mut RunningHelper<'_>, now: Instant) {
        let (helper, Some(workers)) = (current.helper, &current.workers) else { return };
        for line in current.reaper.end_orphans(now, |process| process == helper || workers.has(process)) {
            let culprits = self.plan.workers.as_ref().map_or("", |plan| plan.culprits);
            (self.plan.log)(&reaper::unlogged(&line, culprits));
        }
    }

    /// Waits for an event, at most until a time; whether OpenVPN is gone.
    fn wait(&mut self, link: Option<&QueuedChannel<ToHelper, ToKeeper>>, until: Option<Instant>) -> bool {
        let mut polled = vec![PollFd::new(self.child_exits.as_fd(), PollFlags::POLLIN)];
        polled.extend(link.map(|link| {
            let room = if link.has_unsent() { PollFlags::POLLOUT } else { PollFlags::POLLIN };
            PollFd::new(link.as_fd(), room)
        }));
        let of_openvpn = polled.len();
        if !self.openvpn_gone {
            // Its end is an event in any case.
            let from_front = if self.introduced { PollFlags::empty() } else { PollFlags::POLLIN };
            polled.push(PollFd::new(self.life_line.as_fd(), from_front));
            polled.extend(self.openvpn.as_ref().map(|it| PollFd::new(it.as_fd(), PollFlags::POLLIN)));
        }
        if let Err(errno) = idle_wait::poll(&mut polled, until) {
            if errno != Errno::EINTR {
                // Out of memory, most likely, and no event tells when that is over.
                std::thread::sleep(Duration::from_millis(10));
            }
            return false;
        }
        let happened =
            |which: usize| polled.get(which).and_then(PollFd::revents).unwrap_or(PollFlags::empty());
        let (life_line, process) = (happened(of_openvpn), happened(of_openvpn + 1));
        while let Ok(Some(_)) = self.child_exits.read_signal() {}
        if life_line.contains(PollFlags::POLLIN) {
            self.introduce();
        }
        self.openvpn_gone |= !life_line.difference(PollFlags::POLLIN).is_empty() || !process.is_empty();
        self.openvpn_gone
    }

    /// Waits for so long without a helper; whether OpenVPN is gone.
    fn pause(&mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if self.wait(None, Some(end)) {
                return true;
            }
            // What an earlier helper has left.
            while let crate::Reaped::Child(..) = crate::reap_any() {}
        }
        false
    }

    /// OpenVPN says which process it is now. Only the first message counts, so an attacker in OpenVPN cannot change it later.
    fn introduce(&mut self) {
        let Ok(packet) = os::receive_packet(self.life_line.as_fd(), &mut [0], true, false) else { return };
        // Not closed here: closing a file of FUSE can block on its server.
        std::mem::forget(packet.descriptors);
        self.introduced = true;
        self.openvpn = packet.sender.and_then(|sender| ParentExit::watch_sender(Pid::from_raw(sender.pid)));
    }
}
