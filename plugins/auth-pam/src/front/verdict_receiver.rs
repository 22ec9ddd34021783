//! The threads beside OpenVPN's. One settles deferred attempts and notices clients that are gone; one writes lines to the
//! log, and only that one ever waits for the reader of the log. They take no signals, and never enter OpenVPN.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use log::Level;
use log_lines::UnloggedLine;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use privsep::above_standard;
use privsep::line_log::{LineSender, line_log};
use privsep::line_writer::LineWriter;

use super::attempts::Attempts;

/// Milliseconds between two looks for clients that are gone, as long as attempts are deferred.
const LOOK_FOR_GONE: u16 = 500;

/// Pause when the system is out of memory.
const SHORTAGE: Duration = Duration::from_millis(10);

const WAKE: u64 = 0;
const VERDICTS: u64 = 1;

/// What OpenVPN's thread and the receiver share.
pub struct SharedAttempts {
    state: Mutex<State>,
    /// The receiver looks after deferred attempts.
    deferred: AtomicBool,
    /// When the receiver puts the next question to its client.
    next_question: Mutex<Option<Instant>>,
    epoll: Epoll,
    /// Lines of the supervisors, and of the receiver.
    pub lines: LineWriter,
    /// What the receiver itself has to say.
    own_lines: Mutex<LineSender>,
    /// A pipe: a byte has the receiver look up, its writer's end ends it.
    wake_reader: OwnedFd,
    wake_writer: Mutex<Option<OwnedFd>>,
}

struct State {
    attempts: Attempts,
    /// The supervisor's channel is among what the receiver listens to.
    listens: bool,
}

impl SharedAttempts {
    /// Around an empty table.
    ///
    /// # Errors
    /// `EMFILE` and `ENFILE`.
    pub fn new(attempts: Attempts) -> nix::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let (epoll, lines) = (Epoll(above_standard(epoll.0)?), LineWriter::new()?);
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        let (reader, writer) = (above_standard(reader)?, above_standard(writer)?);
        epoll.add(&reader, EpollEvent::new(EpollFlags::EPOLLIN, WAKE))?;
        let (own_lines, line_receiver) = line_log()?;
        lines.add(line_receiver)?;
        Ok(SharedAttempts {
            state: Mutex::new(State { attempts, listens: false }),
            deferred: AtomicBool::new(false),
            next_question: Mutex::new(None),
            epoll,
            lines,
            own_lines: Mutex::new(own_lines),
            wake_reader: reader,
            wake_writer: Mutex::new(Some(writer)),
        })
    }

    /// Uses the table under its lock, in OpenVPN's thread, and logs what there is to be said about it.
    pub fn with<R>(&self, body: impl FnOnce(&mut Attempts) -> R) -> R {
        let (result, lines) = self.locked(body);
        lines.iter().for_each(UnloggedLine::log);
        result
    }

    /// Uses the table under its lock; what is to be logged comes back. Then the receiver listens for verdicts exactly as long as attempts are deferred:
    /// otherwise it would wake up for each verdict that OpenVPN's thread waits for.
    fn locked<R>(&self, body: impl FnOnce(&mut Attempts) -> R) -> (R, Vec<UnloggedLine>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { attempts, listens } = &mut *state;
        let result = body(attempts);
        let wanted = attempts.any_deferred();
        if wanted && !self.deferred.swap(wanted, Ordering::AcqRel) {
            self.wake();
        }
        self.deferred.store(wanted, Ordering::Release);
        let (after_unlock, advance) = attempts.take_after_unlock();
        let next = attempts.next_question();
        let before = std::mem::replace(&mut *self.next_question(), next);
        if next.is_some_and(|next| before.is_none_or(|before| next < before)) {
            self.wake();
        }
        if let Some(lost) = &after_unlock.lost {
            // Before it is closed: if another process has a copy of the descriptor, closing does not take it out.
            if std::mem::take(listens) {
                let _ = self.epoll.delete(lost);
            }
        }
        if let Some(supervisor) = &attempts.supervisor {
            if wanted && !*listens {
                let added = self.epoll.add(supervisor, EpollEvent::new(EpollFlags::EPOLLIN, VERDICTS));
                // Without memory for it, the looks for clients that are gone find the verdicts too.
                *listens = added.is_ok();
            } else if !wanted && std::mem::take(listens) {
                let _ = self.epoll.delete(supervisor);
            }
        }
        drop(state);
        (result, after_unlock.deliver(advance))
    }

    fn next_question(&self) -> MutexGuard<'_, Option<Instant>> {
        self.next_question.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of the receiver, until [`SharedAttempts::stop`].
    pub fn receive(&self) {
        let mut events = [EpollEvent::empty(); 4];
        let mut looked = Instant::now();
        loop {
            let deferred = self.deferred.load(Ordering::Acquire);
            let question = *self.next_question();
            // Rounded up: a wait that rounds to zero would spin.
            let until_question = question
                .map(|time| time.saturating_duration_since(Instant::now()).as_micros().div_ceil(1000))
                .map(|left| u16::try_from(left).unwrap_or(LOOK_FOR_GONE));
            let look = deferred.then_some(LOOK_FOR_GONE);
            let timeout = look.into_iter().chain(until_question).min();
            let timeout = timeout.map_or(EpollTimeout::NONE, EpollTimeout::from);
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
            let due = question.is_some_and(|time| time <= Instant::now());
            if happened(VERDICTS) || (deferred && look) || due {
                let (shortage, mut lines) = self.locked(Attempts::read_batch);
                let mut next = look.then_some(0);
                while let Some(after) = next {
                    let more = self.locked(|attempts| attempts.cancel_unwanted(after));
                    next = more.0;
                    lines.extend(more.1);
                }
                let mut own = self.own_lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.iter().for_each(|line| own.send(line.level as u8, Level::Warn as u8, line));
                drop(own);
                if shortage {
                    std::thread::sleep(SHORTAGE);
                }
            }
            if look {
                looked = Instant::now();
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

    /// Ends the receiver.
    pub fn stop(&self) {
        drop(self.wake_writer.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
