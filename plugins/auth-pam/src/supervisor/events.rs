//! What the supervisor waits for.

use std::os::fd::AsFd;
use std::time::Instant;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// Number of a worker; never used twice.
pub type WorkerId = u64;

/// Where something has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSource {
    /// The channel to OpenVPN.
    Front,
    /// The keeper has something to say, for instance that a worker has ended, or is gone.
    Keeper,
    /// A module has printed something.
    ModuleOutput,
    /// Somebody calls at the socket of `status=`.
    StatusSocket,
    /// A caller has asked, has room for more of the answer, or is gone.
    StatusCaller(usize),
    /// The channel to the writer of the metrics file.
    Writer,
    /// The channel to a worker.
    Worker(WorkerId),
}

/// Callers at the same time.
pub const MAX_CALLERS: usize = 4;
const FIRST_CALLER: u64 = 8;
const FIRST_WORKER: u64 = 16;
/// Events taken at once.
const BATCH: usize = 64;

impl EventSource {
    fn number(self) -> u64 {
        match self {
            EventSource::Front => 0,
            EventSource::ModuleOutput => 1,
            EventSource::Keeper => 2,
            EventSource::StatusSocket => 3,
            EventSource::StatusCaller(place) => FIRST_CALLER + place.min(MAX_CALLERS) as u64,
            EventSource::Writer => 4,
            EventSource::Worker(id) => FIRST_WORKER + id,
        }
    }

    fn from_number(number: u64) -> Self {
        match number {
            0 => EventSource::Front,
            1 => EventSource::ModuleOutput,
            2 => EventSource::Keeper,
            3 => EventSource::StatusSocket,
            caller @ FIRST_CALLER..FIRST_WORKER => {
                EventSource::StatusCaller(usize::try_from(caller - FIRST_CALLER).unwrap_or(MAX_CALLERS))
            }
            4 => EventSource::Writer,
            worker => EventSource::Worker(worker.saturating_sub(FIRST_WORKER)),
        }
    }
}

/// What is waited for at a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Something to read.
    Messages,
    /// That, or room to send.
    MessagesAndRoom,
    /// Only room to send.
    Room,
}

/// The set of what is waited for.
pub struct Events {
    epoll: Epoll,
}

impl Events {
    /// An empty set.
    pub fn new() -> nix::Result<Self> {
        Ok(Events { epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)? })
    }

    /// Adds a descriptor; one that is closed leaves the set by itself.
    pub fn add(&self, descriptor: impl AsFd, source: EventSource) -> nix::Result<()> {
        self.epoll.add(descriptor, EpollEvent::new(EpollFlags::EPOLLIN, source.number()))
    }

    /// What of a descriptor of the set is an event; its end is one in any case.
    pub fn change(&self, descriptor: impl AsFd, source: EventSource, interest: Interest) -> nix::Result<()> {
        let flags = match interest {
            Interest::Messages => EpollFlags::EPOLLIN,
            Interest::MessagesAndRoom => EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT,
            Interest::Room => EpollFlags::EPOLLOUT,
        };
        self.epoll.modify(descriptor, &mut EpollEvent::new(flags, source.number()))
    }

    /// Stops waiting for a descriptor that stays open.
    pub fn remove(&self, descriptor: impl AsFd) {
        let _ = self.epoll.delete(descriptor);
    }

    /// Waits until something happens, or `until`. The keeper comes last: what a worker had to say is heard before its end.
    pub fn wait(&self, until: Option<Instant>) -> nix::Result<Vec<EventSource>> {
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
        let mut happened: Vec<EventSource> =
            events[..count].iter().map(|event| EventSource::from_number(event.data())).collect();
        happened.sort_by_key(|source| *source == EventSource::Keeper);
        Ok(happened)
    }
}
