//! A supervisor that is driven turn by turn in the process of a fuzzer: nothing is forked, no right is given up, and the time
//! is the driver's.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use privsep::Channel;
use privsep::kept_helper::fuzzing::KeeperEnd;
use privsep::kept_helper::{ForWorkers, NewHelper, News, Numbered};
use privsep::title::Title;

pub use super::status_socket::StatusRequest;
use super::{Exit, Supervisor};
use crate::protocol::{Reply, Request};
use crate::settings::Settings;

/// Descriptors that it believes it may have.
const OPEN_FILES: usize = 1000;
/// Turns in a row in which something happens although nobody does anything: more are a loop that never waits.
const MAX_BUSY_TURNS: usize = 64;
/// How long more at most.
const CHILD_OF_ANOTHER_TEST: Duration = Duration::from_secs(20);

/// The number of the supervisor, for the messages of its front.
pub const GENERATION: u32 = 1;

/// A supervisor.
pub struct Driven(Supervisor);

/// OpenVPN's end of the channel to it.
pub type FrontEnd = Channel<Numbered<Request>, News<Reply>>;

/// The other ends of what it talks to.
pub struct OtherEnds {
    /// OpenVPN's.
    pub front: FrontEnd,
    /// The keeper's.
    pub keeper: KeeperEnd,
    /// Of what it holds besides. They stay open as long as it lives.
    pub pipes: [OwnedFd; 2],
}

/// What it has, in numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Load {
    /// Attempts that wait for a worker.
    pub waiting: usize,
    /// Transactions that run.
    pub running: usize,
    /// Verdicts that wait for their time.
    pub held: usize,
    /// Questions that wait for an answer.
    pub questions: usize,
    /// Those of them that count.
    pub counted_questions: usize,
    /// The most of those that one client has.
    pub questions_of_one_client: usize,
    /// Clients that were let in, and their sessions.
    pub sessions: usize,
    /// Workers that it knows of, of any kind.
    pub workers: usize,
}

impl Driven {
    /// One that has just started, with its first worker asked for.
    ///
    /// # Panics
    /// If the system is out of descriptors.
    pub fn new(settings: &Settings, now: Instant, random: File) -> (Self, OtherEnds) {
        let (front, supervisors) = privsep::pair().expect("a pair of sockets");
        let (link, keeper) = KeeperEnd::pair().expect("a pair of sockets");
        let flags = OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let (output, write_end) = nix::unistd::pipe2(flags).expect("a pipe");
        let (parents, parent_death_pipe) = nix::unistd::pipe2(flags).expect("a pipe");
        let given = NewHelper {
            number: GENERATION,
            front: supervisors,
            keeper: link,
            memory_locked: false,
            for_workers: Some(ForWorkers { output, parent_death_pipe }),
        };
        let made = Supervisor::assembled(settings, given, Title::none(), OPEN_FILES, random);
        let mut supervisor = made.expect("a supervisor");
        supervisor.fork_worker(now);
        supervisor.watch_keeper();
        let ends = OtherEnds { front, keeper, pipes: [write_end, parents] };
        (Driven(supervisor), ends)
    }

    /// Lets it do what there is to do at this time; false if it has ended, because of what its front has sent.
    ///
    /// # Panics
    /// If it finds no end, or ends for another reason.
    pub fn turn(&mut self, now: Instant) -> bool {
        // A child that another test of this process has forked holds what is closed here, and epoll goes on to report that,
        // until the child runs a program or ends.
        let patience = Instant::now() + CHILD_OF_ANOTHER_TEST;
        let mut turns = 0;
        while turns < MAX_BUSY_TURNS || Instant::now() < patience {
            turns += 1;
            let happened = self.0.events.wait(Some(Instant::now())).expect("a look at the events");
            match self.0.turn(&happened, || now) {
                Ok(()) => {}
                Err(Exit::Mistrust) => return false,
                Err(Exit::FrontGone | Exit::Failed) => panic!("front and keeper are there"),
            }
            if happened.is_empty() {
                return true;
            }
        }
        panic!("it is busy although nobody does anything");
    }

    /// When it has something to do although nothing happens.
    pub fn next_event(&mut self, now: Instant) -> Option<Instant> {
        self.0.next_event(now)
    }

    /// As root does at the socket of `status=`.
    pub fn revoke(&mut self, now: Instant, name: &[u8]) {
        let _ = self.0.revoke(now, name);
        let _ = self.0.report(now);
    }

    /// The same.
    pub fn unblock(&mut self, now: Instant, source: &[u8]) {
        let _ = self.0.unblock(now, source);
    }

    /// What it has.
    pub fn load(&self) -> Load {
        let counted: Vec<_> = self.0.waiting_questions.all().iter().filter(|one| one.counts).collect();
        let of_client = |one| counted.iter().filter(|other| other.is_of_same_client(one)).count();
        Load {
            waiting: self.0.scheduler.waiting(),
            running: self.0.workers.running(),
            held: self.0.verdicts.held(),
            questions: self.0.waiting_questions.all().len(),
            counted_questions: counted.len(),
            questions_of_one_client: counted.iter().map(|one| of_client(one)).max().unwrap_or(0),
            sessions: self.0.sessions.all().len(),
            workers: self.0.workers.doing().count(),
        }
    }
}
