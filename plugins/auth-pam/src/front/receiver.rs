//! The threads beside OpenVPN's. One settles deferred attempts and notices clients that are gone; one writes lines to the
//! log, and is alone in waiting for whoever reads it. They take no signals, and never enter OpenVPN.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::Level;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::unistd::Pid;
use privsep::above_standard;
use privsep::line_log::{Line, LineReceiver, LineSender, line_log};

use super::attempts::Attempts;

/// Milliseconds between two looks for clients that are gone, as long as attempts are deferred.
const LOOK_FOR_GONE: u16 = 500;
/// Lines read before anything else is looked at.
const LINE_BATCH: usize = 256;

const WAKE: u64 = 0;
/// In the other set.
const LINES: u64 = 1;
const VERDICTS: u64 = 1;

/// What OpenVPN's thread and the receiver share.
pub struct Shared {
    state: Mutex<State>,
    /// The receiver looks after deferred attempts.
    deferred: AtomicBool,
    epoll: Epoll,
    lines: Mutex<Vec<LineReceiver>>,
    lines_epoll: Epoll,
    /// What the receiver itself has to say.
    own_lines: Mutex<LineSender>,
    /// A pipe: a byte has the receiver look up, its writer's end ends both threads.
    wake_reader: OwnedFd,
    wake_writer: Mutex<Option<OwnedFd>>,
}

struct State {
    attempts: Attempts,
    /// The supervisor whose channel is among what the receiver listens to.
    listens_to: Option<Pid>,
}

impl Shared {
    /// Around an empty table.
    ///
    /// # Errors
    /// `EMFILE` and `ENFILE`.
    pub fn new(attempts: Attempts) -> nix::Result<Self> {
        let new_epoll = || {
            let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
            nix::Result::Ok(Epoll(above_standard(epoll.0)?))
        };
        let (epoll, lines_epoll) = (new_epoll()?, new_epoll()?);
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        let (reader, writer) = (above_standard(reader)?, above_standard(writer)?);
        epoll.add(&reader, EpollEvent::new(EpollFlags::EPOLLIN, WAKE))?;
        // Its end is an event in any case.
        lines_epoll.add(&reader, EpollEvent::new(EpollFlags::empty(), WAKE))?;
        let (own_lines, line_receiver) = line_log()?;
        let shared = Shared {
            state: Mutex::new(State { attempts, listens_to: None }),
            deferred: AtomicBool::new(false),
            epoll,
            lines: Mutex::default(),
            lines_epoll,
            own_lines: Mutex::new(own_lines),
            wake_reader: reader,
            wake_writer: Mutex::new(Some(writer)),
        };
        shared.read_lines_of(line_receiver)?;
        Ok(shared)
    }

    /// Uses the table under its lock, in OpenVPN's thread, and logs what there is to be said about it.
    pub fn with<R>(&self, body: impl FnOnce(&mut Attempts) -> R) -> R {
        let (result, lines) = self.locked(body);
        lines.into_iter().for_each(|(level, line)| log::log!(level, "{line}"));
        result
    }

    /// Uses the table under its lock; what is to be logged comes back. Then the receiver listens for verdicts exactly as long as attempts are deferred:
    /// otherwise it would wake up for each verdict that OpenVPN's thread waits for.
    fn locked<R>(&self, body: impl FnOnce(&mut Attempts) -> R) -> (R, Vec<(Level, String)>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { attempts, listens_to } = &mut *state;
        let result = body(attempts);
        let wanted = attempts.any_deferred();
        if wanted && !self.deferred.swap(wanted, Ordering::AcqRel) {
            self.wake();
        }
        self.deferred.store(wanted, Ordering::Release);
        let (afterwards, advance) = attempts.take_afterwards();
        for lost in &afterwards.lost {
            // Before it is closed: if another process has a copy of the descriptor, closing does not take it out.
            if *listens_to == Some(lost.pid()) {
                let _ = self.epoll.delete(lost.channel.as_fd());
                *listens_to = None;
            }
        }
        if let Some(supervisor) = &attempts.supervisor {
            let (channel, listens) = (supervisor.channel.as_fd(), *listens_to == Some(supervisor.pid()));
            if wanted && !listens {
                let added = self.epoll.add(channel, EpollEvent::new(EpollFlags::EPOLLIN, VERDICTS));
                // Without memory for it, the looks for clients that are gone find the verdicts too.
                *listens_to = added.is_ok().then_some(supervisor.pid());
            } else if !wanted && listens {
                let _ = self.epoll.delete(channel);
                *listens_to = None;
            }
        }
        drop(state);
        (result, afterwards.deliver(advance))
    }

    /// Has the lines of another supervisor read too.
    ///
    /// # Errors
    /// `ENOMEM`, `ENOSPC` (the limit on watched descriptors).
    pub fn read_lines_of(&self, lines: LineReceiver) -> nix::Result<()> {
        self.lines_epoll.add(&lines, EpollEvent::new(EpollFlags::EPOLLIN, LINES))?;
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(lines);
        Ok(())
    }

    /// Logs lines of the supervisors that have come; true when there may be more.
    pub fn log_lines(&self) -> bool {
        let mut found = Vec::new();
        let mut receivers = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        receivers.retain_mut(|receiver| {
            // Asked before a line is taken: one that is taken must be written.
            while found.len() < LINE_BATCH {
                match receiver.next_line() {
                    Ok(Some(line)) => found.push(line),
                    Ok(None) => return true,
                    Err(_) => {
                        // Before it is closed: see Shared::locked.
                        let _ = self.lines_epoll.delete(&*receiver);
                        return false;
                    }
                }
            }
            true
        });
        drop(receivers);
        found.iter().for_each(write_line);
        found.len() >= LINE_BATCH
    }

    /// Takes the receivers of lines away, to read the last lines of a supervisor that ends.
    pub fn take_line_receivers(&self) -> Vec<LineReceiver> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The life of the receiver, until [`Shared::stop`].
    pub fn receive(&self) {
        let mut events = [EpollEvent::empty(); 4];
        let mut looked = Instant::now();
        loop {
            let deferred = self.deferred.load(Ordering::Acquire);
            let timeout = if deferred { EpollTimeout::from(LOOK_FOR_GONE) } else { EpollTimeout::NONE };
            let count = match self.epoll.wait(&mut events, timeout) {
                Ok(count) => count,
                Err(Errno::EINTR) => continue,
                // No event tells any more: then the looks have to do.
                Err(_) => {
                    std::thread::sleep(Duration::from_millis(LOOK_FOR_GONE.into()));
                    0
                }
            };
            let happened = |what| events[..count].iter().any(|event| event.data() == what);
            if happened(WAKE) && self.is_stopped() {
                return;
            }
            let look = looked.elapsed() >= Duration::from_millis(LOOK_FOR_GONE.into());
            if happened(VERDICTS) || (deferred && look) {
                let ((), mut lines) = self.locked(Attempts::read_batch);
                let mut next = look.then_some(0);
                while let Some(after) = next {
                    let more = self.locked(|attempts| attempts.cancel_unwanted(after));
                    next = more.0;
                    lines.extend(more.1);
                }
                let mut own = self.own_lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.iter().for_each(|(level, line)| own.send(*level as u8, Level::Warn as u8, line));
            }
            if look {
                looked = Instant::now();
            }
        }
    }

    /// The life of the thread that logs, until [`Shared::stop`].
    pub fn write_log(&self) {
        let mut events = [EpollEvent::empty(); 4];
        loop {
            match self.lines_epoll.wait(&mut events, EpollTimeout::NONE) {
                Ok(count) if events[..count].iter().any(|event| event.data() == WAKE) => return,
                Ok(_) => drop(self.log_lines()),
                Err(Errno::EINTR) => {}
                Err(_) => std::thread::sleep(Duration::from_millis(LOOK_FOR_GONE.into())),
            }
        }
    }

    /// Has the receiver begin to look for clients that are gone.
    fn wake(&self) {
        if let Some(writer) = &*self.wake_writer.lock().unwrap_or_else(PoisonError::into_inner) {
            // A full pipe wakes it as well.
            let _ = nix::unistd::write(writer, &[0]);
        }
    }

    /// Takes what woke the receiver.
    fn is_stopped(&self) -> bool {
        nix::unistd::read(&self.wake_reader, &mut [0; 64]) == Ok(0)
    }

    /// Ends both threads.
    pub fn stop(&self) {
        drop(self.wake_writer.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Logs one line of a supervisor.
pub fn write_line(line: &Line) {
    let level = match line.level {
        1 => Level::Error,
        2 => Level::Warn,
        3 => Level::Info,
        _ => Level::Debug,
    };
    log::log!(level, "{}", line.text);
}
