//! How attempts get to workers: an idle one, or one that is forked.

use std::time::Instant;

use nix::errno::Errno;
use privsep::ChannelError;

use super::Supervisor;
use super::outcome::Outcome;
use super::workers::{HeardFromWorker, NotBegun};

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
        let forks = self.worker_starts.forks(
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
        self.counters.totals.fork_failures += 1;
        // Several may have been asked for at once.
        let first = !self.worker_starts.is_paused(now);
        self.worker_starts.fork_failed(now);
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

    /// Without any worker nobody can say when those that wait would run. One that runs leaves room when it ends.
    pub(super) fn give_up_waiting(&mut self, now: Instant) {
        if self.workers.alive() == 0 && self.workers.running() == 0 {
            for attempt in self.scheduler.drain() {
                self.conclude(now, attempt, &Outcome::NoWorker);
            }
        }
    }

    /// Reads what a worker has to say, up to the end of a transaction or of its look at itself: mostly that is all.
    pub(super) fn hear(&mut self, now: Instant, worker: super::WorkerId) {
        loop {
            match self.workers.hear(now, worker) {
                Ok(None | Some(HeardFromWorker::Ready)) => return,
                Ok(Some(HeardFromWorker::Note(user, text, origin))) => {
                    let tail = self.line_tail(&origin);
                    lines::attempts::noted(&user, &String::from_utf8_lossy(&text), &tail).log();
                }
                Ok(Some(HeardFromWorker::Changed(pid, what))) => {
                    if self.settings.debug {
                        lines::workers::changed(pid, &String::from_utf8_lossy(&what)).log();
                    }
                }
                Ok(Some(HeardFromWorker::Asked(attempt, asks))) => {
                    self.slow_logins.answered();
                    self.ended(&attempt);
                    self.pam_asks(now, worker, *attempt, asks);
                }
                Ok(Some(HeardFromWorker::Ended(attempt, end))) => {
                    self.note_answer(&end);
                    self.ended(&attempt);
                    return self.pam_decided(now, *attempt, end);
                }
                Ok(Some(HeardFromWorker::Kept(attempt, end))) => {
                    self.note_answer(&end);
                    self.ended(&attempt);
                    self.pam_keeps(now, worker, *attempt, end);
                }
                Ok(Some(HeardFromWorker::OptionsPart)) => {}
                Ok(Some(HeardFromWorker::OptionsDone(attempt, done))) => {
                    self.slow_logins.answered();
                    self.ended(&attempt);
                    return self.options_collected(now, *attempt, &done);
                }
                Ok(Some(HeardFromWorker::SessionNote(text))) => self.session_note(worker, &text),
                Ok(Some(HeardFromWorker::Opened(done))) => {
                    self.slow_logins.answered();
                    self.session_opened(now, worker, &done);
                }
                Ok(Some(HeardFromWorker::Checked(end))) => {
                    self.note_answer(&end);
                    self.session_checked(now, worker, end);
                }
                Ok(Some(HeardFromWorker::Closed(done))) => return self.session_closed(now, worker, &done),
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
