//! How attempts get to workers: an idle one, or one that is forked.

use std::time::Instant;

use nix::errno::Errno;
use privsep::ChannelError;

use super::Supervisor;
use super::outcome::Outcome;
use super::workers::{Heard, NotBegun};

impl Supervisor {
    /// Gives what may run to workers, and starts workers for the rest.
    pub(super) fn hand_out(&mut self, now: Instant) {
        // Options of clients are long, and an OpenVPN that reads nothing would have all of them in this memory.
        if self.verdicts.are_unread() {
            return;
        }
        while let Some(worker) = self.workers.idle() {
            let Some(attempt) = self.scheduler.next() else { break };
            match self.workers.begin(now, worker, attempt) {
                Ok(()) => {}
                Err(NotBegun::WorkerGone(attempt)) => self.scheduler.give_back(*attempt),
                Err(NotBegun::Shortage(attempt, errno)) => {
                    self.ended(&attempt);
                    self.conclude(now, *attempt, &Outcome::Shortage(errno));
                }
            }
        }
        let forks = self.ramp.forks(
            now,
            self.scheduler.runnable(),
            self.workers.free(),
            self.workers.processes(),
            self.max_workers,
        );
        for _ in 0..forks {
            if !self.fork_worker(now) {
                return;
            }
        }
    }

    /// Has a worker started; false if that cannot even be asked for.
    pub(super) fn fork_worker(&mut self, now: Instant) -> bool {
        let asked = self.workers.fork(now, &self.events);
        if let Err(errno) = asked {
            self.fork_failed(now, errno);
        }
        asked.is_ok()
    }

    /// A worker could not be started.
    pub(super) fn fork_failed(&mut self, now: Instant, errno: Errno) {
        self.figures.count.fork_failures += 1;
        // Several may have been asked for at once.
        let first = !self.ramp.is_paused(now);
        self.ramp.fork_failed(now);
        if !self.fork_failure_logged {
            let (have, why) = (self.workers.processes(), errno.desc());
            lines::workers::cannot_start(why, have).log();
            self.fork_failure_logged = true;
        }
        // A limit on processes may be used up by questions that nobody answers.
        if !first || self.scheduler.waiting() == 0 || !self.give_up_one(now) {
            self.give_up_waiting(now);
        }
    }

    /// Without any worker nobody can say when those that wait would run.
    pub(super) fn give_up_waiting(&mut self, now: Instant) {
        if self.workers.alive() == 0 {
            for attempt in self.scheduler.drain() {
                self.conclude(now, attempt, &Outcome::NoWorker);
            }
        }
    }

    /// Reads what a worker has to say, up to the end of a transaction or of its look at itself: mostly that is all.
    pub(super) fn hear(&mut self, now: Instant, worker: super::WorkerId) {
        loop {
            match self.workers.hear(now, worker) {
                Ok(None | Some(Heard::Ready)) => return,
                Ok(Some(Heard::Note(user, text, origin))) => {
                    let tail = self.tail(&origin);
                    lines::attempts::noted(&user, &String::from_utf8_lossy(&text), &tail).log();
                }
                Ok(Some(Heard::Changed(pid, what))) => {
                    if self.settings.debug {
                        lines::workers::changed(pid, &String::from_utf8_lossy(&what)).log();
                    }
                }
                Ok(Some(Heard::Asked(attempt, asks))) => {
                    self.hang.answered();
                    self.ended(&attempt);
                    self.pam_asks(now, worker, *attempt, asks);
                }
                Ok(Some(Heard::Ended(attempt, end))) => {
                    self.note_answer(&end);
                    self.ended(&attempt);
                    return self.pam_decided(now, *attempt, end);
                }
                Ok(Some(Heard::Kept(attempt, end))) => {
                    self.note_answer(&end);
                    self.ended(&attempt);
                    self.pam_keeps(now, worker, *attempt, end);
                }
                Ok(Some(Heard::Piece)) => {}
                Ok(Some(Heard::LookedUp(attempt, done))) => {
                    self.hang.answered();
                    self.ended(&attempt);
                    return self.looked_up(now, *attempt, &done);
                }
                Ok(Some(Heard::SessionNote(text))) => self.session_note(worker, &text),
                Ok(Some(Heard::Opened(done))) => {
                    self.hang.answered();
                    self.session_opened(now, worker, &done);
                }
                Ok(Some(Heard::Checked(end))) => {
                    self.note_answer(&end);
                    self.session_checked(now, worker, end);
                }
                Ok(Some(Heard::Closed(done))) => return self.session_closed(now, worker, &done),
                Err(ChannelError::System(errno)) => {
                    lines::workers::unheard(errno.desc()).log();
                    if let Some(attempt) = self.workers.kill(now, worker) {
                        self.ended(&attempt);
                        self.conclude(now, *attempt, &Outcome::Shortage(errno));
                    }
                    return;
                }
                Err(error) => return self.workers.hung_up(now, &self.events, worker, &error),
            }
        }
    }
}
