//! What the supervisor waits for.

use std::os::fd::AsFd;
use std::time::Instant;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::pool::WorkerId;

/// Where something has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The channel to OpenVPN.
    Front,
    /// A child has ended.
    ChildExits,
    /// A module has printed something.
    ModuleOutput,
    /// The channel to a worker.
    Worker(WorkerId),
}

const FIRST_WORKER: u64 = 16;
/// Events taken at once.
const BATCH: usize = 64;

impl Source {
    fn number(self) -> u64 {
        match self {
            Source::Front => 0,
            Source::ChildExits => 1,
            Source::ModuleOutput => 2,
            Source::Worker(id) => FIRST_WORKER + id,
        }
    }

    fn from_number(number: u64) -> Self {
        match number {
            0 => Source::Front,
            1 => Source::ChildExits,
            2 => Source::ModuleOutput,
            worker => Source::Worker(worker.saturating_sub(FIRST_WORKER)),
        }
    }
}

/// The set of sources.
pub struct Events {
    epoll: Epoll,
}

impl Events {
    /// An empty set.
    pub fn new() -> nix::Result<Self> {
        Ok(Events { epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)? })
    }

    /// Adds a source; one that is closed leaves the set by itself.
    pub fn add(&self, descriptor: impl AsFd, source: Source) -> nix::Result<()> {
        self.epoll.add(descriptor, EpollEvent::new(EpollFlags::EPOLLIN, source.number()))
    }

    /// Takes a source out that stays open.
    pub fn remove(&self, descriptor: impl AsFd) {
        let _ = self.epoll.delete(descriptor);
    }

    /// Waits until something happens, or `until`. Child exits come last: as long as a dead worker is not reaped, its
    /// number and its process group are its own.
    pub fn wait(&self, until: Option<Instant>) -> nix::Result<Vec<Source>> {
        let timeout = match until {
            None => EpollTimeout::NONE,
            Some(time) => {
                // Rounded up: a wait that rounds to zero would spin.
                let left = time.saturating_duration_since(Instant::now());
                EpollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(EpollTimeout::MAX)
            }
        };
        let mut events = [EpollEvent::empty(); BATCH];
        let count = match self.epoll.wait(&mut events, timeout) {
            Err(nix::Error::EINTR) => 0,
            done => done?,
        };
        let mut sources: Vec<Source> =
            events[..count].iter().map(|event| Source::from_number(event.data())).collect();
        sources.sort_by_key(|source| *source == Source::ChildExits);
        Ok(sources)
    }
}
