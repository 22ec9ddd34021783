//! The front's side: a helper that is kept.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, setsockopt, socketpair, sockopt};
use nix::unistd::Pid;

use super::envelope::{News, Numbered};
use super::keeper::{self, KeeperSockets, Plan};
use super::new_helper::NewHelper;
use crate::channel::{ChannelError, Message, above_standard};
use crate::confine;
use crate::helper::Helper;
use crate::os::{self, Ended};

/// How long a helper that did not come up may take to leave.
const STOP: Duration = Duration::from_secs(5);

/// A helper with its keeper.
pub struct KeptHelper<Out, In> {
    /// The keeper is the process, the channel leads to the helper.
    keeper: Helper<Numbered<Out>, News<In>>,
    life_line: OwnedFd,
    /// The generation that messages are meant for.
    generation: u32,
}

/// What the front hears.
#[derive(Debug)]
pub enum HelperNews<In> {
    /// A message.
    Message(In),
    /// The helper has died. What was sent before is not answered any more; what is sent from now on is meant for the next
    /// one.
    Lost,
}

/// Why a helper cannot be started.
#[derive(Debug)]
pub enum StartError {
    /// The system refused.
    System(io::Error),
    /// It was not up in time.
    TooSlow(Duration),
    /// It ended at once.
    Ended,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::System(error) => error.fmt(f),
            StartError::TooSlow(time) => write!(f, "it did not come up within {} s", time.as_secs()),
            StartError::Ended => f.write_str("it ended while it was starting"),
        }
    }
}

impl std::error::Error for StartError {}

impl<Out: Message, In: Message> KeptHelper<Out, In> {
    /// Forks a keeper, which forks the first helper, and waits until that is up, at most for `patience`. `enter` runs first
    /// in the keeper, before descriptors are closed; what [`line_log::keep`](crate::line_log::keep) keeps stays open. `live` is the whole life of a helper, in a child of the keeper's, with
    /// every signal blocked until [`Confinement::enter`](crate::confine::Confinement::enter).
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(
        plan: &Plan<'_>,
        patience: Duration,
        enter: impl FnOnce(),
        live: impl Fn(NewHelper<In, Out>) -> Infallible,
    ) -> Result<Self, StartError> {
        let system = |errno: nix::Error| StartError::System(errno.into());
        let (life_line, far_end) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
                .and_then(|(near, far)| Ok((above_standard(near)?, above_standard(far)?)))
                .map_err(system)?;
        // Before anything is sent: the kernel notes the sender when it is.
        setsockopt(&far_end, sockopt::PassCred, &true).map_err(system)?;
        let (own, memory_locked) = (Pid::this(), confine::memory_is_locked());
        let keeper = Helper::start(|channel| {
            enter();
            let sockets = KeeperSockets { socket: channel.into_socket(), life_line: far_end };
            keeper::run(plan, own, memory_locked, sockets, live)
        });
        let mut kept = KeptHelper { keeper: keeper.map_err(StartError::System)?, life_line, generation: 0 };
        match kept.wait_for_the_first(patience) {
            Ok(()) => Ok(kept),
            Err(error) => {
                kept.stop(STOP);
                Err(error)
            }
        }
    }

    fn wait_for_the_first(&mut self, patience: Duration) -> Result<(), StartError> {
        match self.keeper.channel.receive(Some(patience)) {
            Ok(Some(received)) => match received.message {
                News::Ready(generation) => {
                    self.generation = generation;
                    Ok(())
                }
                News::Lost(_) | News::Message(_) => Err(StartError::Ended),
            },
            Ok(None) => Err(StartError::TooSlow(patience)),
            Err(_) => Err(StartError::Ended),
        }
    }

    /// Asks for room for `bytes` of unread packets, see [`Channel::set_buffer`](crate::Channel::set_buffer).
    pub fn set_buffer(&self, bytes: usize) {
        self.keeper.channel.set_buffer(bytes);
    }

    /// Tells the keeper which process OpenVPN has become. The kernel says who it is; only the first time counts.
    pub fn introduce(&self) {
        let _ = os::send_packet(self.life_line.as_fd(), &[0], &[], false);
    }

    /// Sends, waiting at most `patience` for room.
    ///
    /// # Errors
    /// [`ChannelError::Closed`]: helper and keeper are gone. Others as those of a channel.
    pub fn send(&mut self, message: Out, patience: Duration) -> Result<(), ChannelError> {
        let numbered = Numbered { generation: self.generation, message };
        self.keeper.channel.send(&numbered, &[], patience)
    }

    /// Sends if there is room.
    ///
    /// # Errors
    /// As [`KeptHelper::send`].
    pub fn try_send(&mut self, message: Out) -> Result<(), ChannelError> {
        let numbered = Numbered { generation: self.generation, message };
        self.keeper.channel.try_send(&numbered, &[])
    }

    /// What there is to hear; `None`: nothing.
    ///
    /// # Errors
    /// As [`KeptHelper::receive`].
    pub fn try_receive(&mut self) -> Result<Option<HelperNews<In>>, ChannelError> {
        self.receive(Some(Duration::ZERO))
    }

    /// The same, waiting at most `patience` for it (`None`: as long as it takes).
    ///
    /// # Errors
    /// [`ChannelError::Closed`]: helper and keeper are gone. Others as those of a channel.
    pub fn receive(&mut self, patience: Option<Duration>) -> Result<Option<HelperNews<In>>, ChannelError> {
        let end = patience.map(|patience| Instant::now() + patience);
        let mut left = patience;
        loop {
            let Some(received) = self.keeper.channel.receive(left)? else { return Ok(None) };
            match received.message {
                News::Message(message) => return Ok(Some(HelperNews::Message(message))),
                News::Lost(generation) if generation >= self.generation => {
                    self.generation = generation.saturating_add(1);
                    return Ok(Some(HelperNews::Lost));
                }
                // The keeper found no room to say so.
                News::Ready(generation) if generation > self.generation => {
                    self.generation = generation;
                    return Ok(Some(HelperNews::Lost));
                }
                News::Lost(_) | News::Ready(_) => {}
            }
            left = end.map(|end| end.saturating_duration_since(Instant::now()));
        }
    }

    /// Tells helper and keeper that OpenVPN is about to end; neither is waited for.
    pub fn finish(&self) {
        self.keeper.channel.finish();
    }

    /// Ends both, and waits for that at most `patience` and half a second; true when they are gone.
    pub fn stop(self, patience: Duration) -> bool {
        let KeptHelper { keeper, life_line, .. } = self;
        drop(life_line);
        keeper.stop(patience)
    }

    /// Reaps the keeper if it is a child of this process and has ended within `patience`.
    pub fn reap(&self, patience: Duration) -> Option<Ended> {
        self.keeper.reap(patience)
    }

    /// The keeper's process.
    pub fn keeper(&self) -> Pid {
        self.keeper.pid()
    }
}

/// The channel, to be waited for.
impl<Out, In> AsFd for KeptHelper<Out, In> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.keeper.channel.as_fd()
    }
}
