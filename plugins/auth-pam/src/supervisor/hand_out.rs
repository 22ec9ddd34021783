//! How attempts get to workers: an idle one, or one that is forked.

use std::time::Instant;

use super::Supervisor;
use super::conclude::Outcome;
use super::workers::Heard;

impl Supervisor {
    /// Gives what may run to workers, and starts workers for the rest.
    pub(super) fn hand_out(&mut self, now: Instant) {
        while let Some(worker) = self.workers.idle() {
            let Some(attempt) = self.scheduler.next() else { break };
            if let Err(attempt) = self.workers.begin(worker, attempt) {
                self.scheduler.give_back(*attempt);
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

    /// Starts a worker; whether that worked.
    pub(super) fn fork_worker(&mut self, now: Instant) -> bool {
        let scheduler = &mut self.scheduler;
        // Other people's passwords are none of a worker's business.
        let wipe = || scheduler.jobs_mut().for_each(|attempt| drop(attempt.credentials.take()));
        match self.workers.fork(now, &self.events, &self.output, wipe) {
            Ok(()) => {
                self.fork_failure_logged = false;
                true
            }
            Err(errno) => {
                self.ramp.fork_failed(now);
                if !self.fork_failure_logged {
                    let (have, why) = (self.workers.processes(), errno.desc());
                    log::error!(
                        "no further worker can be started: {why} (now {have}; limit on processes or open files?)"
                    );
                    self.fork_failure_logged = true;
                }
                if self.workers.alive() == 0 {
                    // Nobody can say when they would run.
                    for attempt in self.scheduler.drain() {
                        self.conclude(now, attempt, &Outcome::NoWorker);
                    }
                }
                false
            }
        }
    }

    /// Reads what a worker has to say.
    pub(super) fn hear(&mut self, now: Instant, worker: super::WorkerId) {
        loop {
            match self.workers.hear(now, worker) {
                Ok(None) => return,
                Ok(Some(Heard::Ready)) => {}
                Ok(Some(Heard::Note(user, text, origin))) => {
                    let tail = self.tail(&origin);
                    log::info!("BACKGROUND: user '{user}': {}{tail}", String::from_utf8_lossy(&text));
                }
                Ok(Some(Heard::Ended(attempt, end))) => {
                    self.ended(&attempt);
                    self.pam_decided(now, *attempt, end);
                }
                Err(error) => return self.workers.hung_up(worker, &error),
            }
        }
    }
}
