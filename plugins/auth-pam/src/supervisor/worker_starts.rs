//! How many workers to start now. Few where transactions are quick, so that a burst of them is not spent on forks; many
//! within a moment where they sleep. What decides is what was seen within a tick, not an estimate of what will be.

use std::time::{Duration, Instant};

/// Time between two decisions, and so the longest that an attempt waits for the first worker more.
pub const TICK: Duration = Duration::from_millis(10);
/// The most workers that one tick starts: a fork takes a part of a millisecond, in which nothing is read.
pub const MAX_STEP: usize = 32;
/// What is through within so many ticks is not worth a fork: transactions that take a fraction of a millisecond come in
/// bursts that a few workers are done with sooner than many could be started.
const SOON_TICKS: usize = 8;
/// Pause after a fork that failed.
pub const PAUSE: Duration = Duration::from_secs(1);

/// How fast workers are started at the moment.
#[derive(Debug)]
pub struct WorkerStarts {
    step: usize,
    /// End of the tick in which workers are lacking.
    tick: Option<Instant>,
    /// Transactions that ended within it.
    finished: usize,
    paused_until: Option<Instant>,
}

impl WorkerStarts {
    /// Slow at first.
    pub fn new() -> Self {
        WorkerStarts { step: 1, tick: None, finished: 0, paused_until: None }
    }

    /// How many workers to start now. `runnable`: attempts that wait for nothing but a worker; `idle_or_starting`:
    /// workers that will take one; `processes`: workers of any kind, those included that are not reaped yet.
    pub fn forks(
        &mut self,
        now: Instant,
        runnable: usize,
        idle_or_starting: usize,
        processes: usize,
        max_workers: usize,
    ) -> usize {
        if self.paused_until.is_some_and(|end| end <= now) {
            self.paused_until = None;
        }
        if runnable == 0 {
            self.step = 1;
        }
        let lacking = runnable.saturating_sub(idle_or_starting);
        let possible = lacking.min(max_workers.saturating_sub(processes));
        if possible == 0 {
            self.tick = None;
            return 0;
        }
        if self.paused_until.is_some() {
            self.tick = self.paused_until;
            return 0;
        }
        let Some(tick) = self.tick.filter(|_| processes > 0) else {
            self.begin_tick(now);
            // Where there is no worker at all, there is nothing to see within a tick.
            return if processes == 0 { self.take_step(possible) } else { 0 };
        };
        if tick > now {
            return 0;
        }
        let (finished, running) = (self.finished, processes - idle_or_starting.min(processes));
        self.begin_tick(now);
        if finished * SOON_TICKS >= lacking {
            return 0;
        }
        if finished >= running.max(1) {
            // Each worker is through with one within a tick: soon the processors are the limit, not their number.
            self.step = 1;
        }
        self.take_step(possible)
    }

    /// A transaction has ended.
    pub fn finished(&mut self) {
        self.finished += 1;
    }

    /// A worker could not be started: none is tried for a while.
    pub fn fork_failed(&mut self, now: Instant) {
        self.paused_until = Some(now + PAUSE);
        self.tick = self.paused_until;
        self.step = 1;
    }

    /// Whether none is tried at the moment.
    pub fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|end| end > now)
    }

    /// When [`WorkerStarts::forks`] is to be asked again even if nothing else happens.
    pub fn next_tick(&self) -> Option<Instant> {
        self.tick
    }

    fn begin_tick(&mut self, now: Instant) {
        self.tick = Some(now + TICK);
        self.finished = 0;
    }

    fn take_step(&mut self, possible: usize) -> usize {
        let step = self.step;
        self.step = (step * 2).min(MAX_STEP);
        step.min(possible)
    }
}

#[cfg(test)]
#[path = "worker_starts_tests.rs"]
mod tests;
