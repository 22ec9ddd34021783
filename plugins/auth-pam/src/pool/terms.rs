//! The words in which the pool and the supervisor talk.

use std::time::Duration;

/// Number of a worker; never used twice.
pub type WorkerId = u64;

/// The bounds of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Workers at the same time, at least 1.
    pub max_workers: usize,
    /// Logins that wait for a worker.
    pub max_pending: usize,
    /// Logins of one client address that wait for a worker.
    pub max_pending_per_address: usize,
    /// Time a login may take, waiting included; `None`: as long as it likes.
    pub time_limit: Option<Duration>,
    /// An idle worker leaves after this time, unless it is the last.
    pub idle_time: Duration,
    /// A worker leaves after this many logins: it never sees a module that was replaced on disk.
    pub max_served: u32,
    /// A worker leaves when it is this old, for the same reason.
    pub max_age: Duration,
    /// Pause after a fork that failed.
    pub fork_pause: Duration,
    /// Pause while a further worker would only take a processor away from those there are.
    pub fork_hold: Duration,
}

/// What the pool needs to know of a login.
pub trait Pending {
    /// The client's address; empty when unknown.
    fn address(&self) -> &[u8];
}

/// Why a login was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// As many logins wait as may.
    Queue,
    /// As many logins of this address wait as may.
    Address,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Give this worker the login that [`Pool::running`] tells.
    Run(WorkerId),
    /// Fork a worker.
    Fork,
}

/// A login that is over its time.
#[derive(Debug)]
pub enum Expired<J> {
    /// It still waited.
    Waiting(J),
    /// It runs in this worker, which the pool has forgotten: it must be killed.
    Running(WorkerId, J),
}
