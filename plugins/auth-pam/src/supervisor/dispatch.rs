//! How logins get to workers: an idle one, or one that is forked.

use std::time::{Duration, Instant};

use super::{End, Supervisor};
use crate::delivery::{Outcome, Task};
use crate::pool::{Step, WorkerId};

/// Workers that may want a processor for each there is before no further one is forked: always one that is ready when
/// another one sleeps.
const COMPUTING_EACH: usize = 2;
/// A login that has run for longer than this, many times as long as a password hash takes, is no reason not to fork.
const COMPUTES_FOR_LONG: Duration = Duration::from_secs(1);

impl Supervisor {
    pub(super) fn hand_out(&mut self) -> Result<(), End> {
        let now = Instant::now();
        self.pool.set_lingering(self.crew.lingering());
        while let Some(step) = self.pool.step(now) {
            match step {
                Step::Run(worker) if self.start(worker) => {}
                // Something is wrong with a worker: first see what. Its end is an event, so there will be a next turn.
                Step::Run(_) => return Ok(()),
                Step::Fork if !self.further_worker_pays(now) => self.pool.hold_fork(now),
                // Workers that were dismissed over what was heard just now count until they are gone.
                Step::Fork if self.pool.set_lingering(self.crew.lingering()) => {}
                Step::Fork => {
                    self.fork_worker(now);
                    // Forking takes long enough for more logins to arrive.
                    self.read_front()?;
                }
            }
        }
        Ok(())
    }

    /// Whether a further worker would find work and a processor. Looked at are the newest: where each login waits for
    /// something, any number of older ones sleep. A login that has been computing for long does not count: it must not
    /// keep the others waiting.
    fn further_worker_pays(&mut self, now: Instant) -> bool {
        let enough = COMPUTING_EACH * self.processors;
        let since = now.checked_sub(COMPUTES_FOR_LONG).unwrap_or(now);
        let newest: Vec<WorkerId> = self.pool.newest_running(enough, since).collect();
        if newest.len() < enough {
            return true;
        }
        // One whose report has arrived only seems to sleep.
        newest.iter().for_each(|id| self.hear(*id));
        newest.iter().all(|id| self.pool.running(*id).is_some())
            && newest.iter().filter(|id| self.crew.computes(**id)).count() < enough
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
        true
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
