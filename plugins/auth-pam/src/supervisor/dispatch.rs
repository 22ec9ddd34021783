//! How logins get to workers: an idle one, or one that is forked.

use std::time::Instant;

use super::{End, Supervisor};
use crate::delivery::{Outcome, Task};
use crate::pool::{Step, WorkerId};

impl Supervisor {
    pub(super) fn hand_out(&mut self) -> Result<(), End> {
        let now = Instant::now();
        self.pool.set_lingering(self.crew.lingering());
        while let Some(step) = self.pool.step(now) {
            match step {
                Step::Run(worker) if self.start(worker) => {}
                // Something is wrong with a worker: first see what. Its end is an event, so there will be a next turn.
                Step::Run(_) => return Ok(()),
                Step::Fork => {
                    self.fork_worker(now);
                    // Forking takes long enough for more logins to arrive.
                    self.read_front()?;
                }
            }
        }
        Ok(())
    }

    /// Gives a worker its login; false when that was not possible.
    fn start(&mut self, worker: WorkerId) -> bool {
        let Some(login) = self.pool.running_mut(worker).and_then(Task::take_login) else { return true };
        if let Err(refused) = self.crew.give(worker, login) {
            let (login, error) = *refused;
            // It died while it was idle, so the login has not begun: another one takes it.
            log::warn!("an idle worker was gone ({error}); another one takes over");
            if let Some(task) = self.pool.running_mut(worker) {
                task.give_back(login);
            }
            self.pool.not_started(worker);
            self.crew.kill(worker);
            return false;
        }
        self.watch(worker);
        true
    }

    /// Looks for the report of a login that has just begun, for a moment, before sleeping: most of what a quick PAM
    /// stack costs is waking processes up. Only when nothing else is to be done, and by the rule that decides about
    /// the grace: as long as it pays.
    fn watch(&mut self, worker: WorkerId) {
        let Some(moment) = self.watching.for_next(!self.pool.is_only(worker)) else { return };
        let end = Instant::now() + moment;
        while self.pool.running(worker).is_some() {
            match self.crew.next_report(worker) {
                Ok(Some(done)) => self.done(worker, done),
                Ok(None) if Instant::now() < end => std::thread::yield_now(),
                Ok(None) => return self.watching.miss(),
                Err(error) => return self.mistrust(worker, &error),
            }
        }
        self.watching.hit();
    }

    pub(super) fn fork_worker(&mut self, now: Instant) {
        let id = self.pool.next_worker();
        let pool = &mut self.pool;
        // Other people's passwords are none of a worker's business.
        let wipe = || pool.waiting().for_each(|task| drop(task.take_login()));
        match self.crew.fork(id, &self.events, wipe) {
            Ok(()) => {
                self.pool.forked(now);
                self.fork_failure_logged = false;
            }
            Err(errno) => {
                if !self.fork_failure_logged {
                    let (have, why) = (self.crew.len(), errno.desc());
                    log::error!(
                        "no further worker can be started: {why} (now {have}; limit on processes or open files?)"
                    );
                    self.fork_failure_logged = true;
                }
                for task in self.pool.fork_failed(now) {
                    self.conclude(task, &Outcome::NoWorker);
                }
            }
        }
    }
}
