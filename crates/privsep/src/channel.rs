//! One `SOCK_SEQPACKET` pair: packets keep their borders, end of file is seen when the other side is gone (a
//! `SOCK_DGRAM` pair never tells), and the direction of each message type is part of the end's type.

use std::fmt;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::FcntlArg;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, setsockopt, socketpair, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use zeroize::Zeroizing;

use crate::idle_wait;
use crate::os::{self, Packet};
use crate::wire::{Reader, WireError, Writer};

/// Pause when there is no memory to receive.
const SHORTAGE: Duration = Duration::from_millis(1);

/// A message that travels in one packet.
pub trait Message: Sized {
    /// The largest packet this message can need, in bytes.
    const MAX_BYTES: usize;
    /// Writes the fields.
    fn encode(&self, to: &mut Writer) -> Result<(), WireError>;
    /// Reads the fields; must read to the end.
    fn decode(from: Reader<'_>) -> Result<Self, WireError>;
}

/// Why a message could not be sent or received.
#[derive(Debug)]
pub enum ChannelError {
    /// The other side has closed its end or is gone.
    Closed,
    /// What came is not a message of this channel. The other side cannot be trusted any more.
    Malformed(WireError),
    /// More bytes or descriptors than any message has. The other side cannot be trusted any more.
    TooMuch,
    /// The system refused.
    System(Errno),
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChannelError::Closed => f.write_str("the other side has closed the channel"),
            ChannelError::Malformed(error) => write!(f, "malformed message: {error}"),
            ChannelError::TooMuch => f.write_str("more bytes or descriptors than any message has"),
            ChannelError::System(errno) => write!(f, "{}", errno.desc()),
        }
    }
}

impl std::error::Error for ChannelError {}

/// One end: sends `Out`, receives `In`.
pub struct Channel<Out, In> {
    socket: OwnedFd,
    /// The time limit that the socket has for receiving; zero: none.
    limit: Duration,
    outgoing: Writer,
    incoming: Zeroizing<Vec<u8>>,
    types: PhantomData<fn(Out) -> In>,
}

/// A message with the descriptors that came with it.
pub struct Received<In> {
    /// The message.
    pub message: In,
    /// Its descriptors, in the order they were passed.
    pub descriptors: Vec<OwnedFd>,
    /// Descriptors at the end are missing: this process is at its limit on open files.
    pub descriptors_missing: bool,
}

/// Makes both ends of a channel, close-on-exec.
pub fn pair<A: Message, B: Message>() -> nix::Result<(Channel<A, B>, Channel<B, A>)> {
    let (one, other) = sockets()?;
    Ok((Channel::from_socket(one), Channel::from_socket(other)))
}

/// The same as sockets alone, for ends that go to somebody else.
///
/// # Errors
/// `EMFILE` and `ENFILE` (descriptors), `ENOMEM`.
pub fn sockets() -> nix::Result<(OwnedFd, OwnedFd)> {
    let (one, other) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
    Ok((above_standard(one)?, above_standard(other)?))
}

/// Moves a descriptor away from the standard three: a program started without them would print into it.
///
/// # Errors
/// `EMFILE`.
pub fn above_standard(descriptor: OwnedFd) -> nix::Result<OwnedFd> {
    if descriptor.as_raw_fd() > 2 {
        return Ok(descriptor);
    }
    os::duplicate(descriptor.as_fd(), FcntlArg::F_DUPFD_CLOEXEC(3))
}

impl<Out: Message, In: Message> Channel<Out, In> {
    /// A channel on a `SOCK_SEQPACKET` socket that is there already.
    pub fn from_socket(socket: OwnedFd) -> Self {
        Channel {
            socket,
            limit: Duration::ZERO,
            outgoing: Writer::with_capacity(Out::MAX_BYTES),
            // One byte more than the largest message, so that a longer one is seen as such.
            incoming: Zeroizing::new(vec![0; In::MAX_BYTES + 1]),
            types: PhantomData,
        }
    }

    /// The socket alone, for a process that holds it and reads nothing.
    pub fn into_socket(self) -> OwnedFd {
        self.socket
    }

    /// Asks for room for `bytes` of unread packets in each direction. More than the system's default limit is
    /// granted only to a process with `CAP_NET_ADMIN`; without it the channel works with what it has.
    pub fn set_buffer(&self, bytes: usize) {
        if setsockopt(&self.socket, sockopt::SndBufForce, &bytes).is_err() {
            let _ = setsockopt(&self.socket, sockopt::SndBuf, &bytes);
        }
    }

    /// Sends, waiting at most `patience` for room (and for the kernel's count of descriptors in flight to fall).
    pub fn send(
        &mut self,
        message: &Out,
        pass: &[BorrowedFd<'_>],
        patience: Duration,
    ) -> Result<(), ChannelError> {
        let end = Instant::now() + patience;
        loop {
            match self.try_send(message, pass) {
                Err(ChannelError::System(Errno::EAGAIN)) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() || !self.wait(PollFlags::POLLOUT, Some(left))? {
                        return Err(ChannelError::System(Errno::ETIMEDOUT));
                    }
                }
                Err(ChannelError::System(Errno::ETOOMANYREFS | Errno::ENOBUFS | Errno::ENOMEM))
                    if Instant::now() < end =>
                {
                    // No event tells when the receiver has picked descriptors up, or when there is memory again; a short
                    // wait on hang-up does.
                    self.wait(PollFlags::empty(), Some(Duration::from_millis(1)))?;
                }
                done => return done,
            }
        }
    }

    /// Sends without waiting; [`ChannelError::System`] with `EAGAIN` when there is no room.
    pub fn try_send(&mut self, message: &Out, pass: &[BorrowedFd<'_>]) -> Result<(), ChannelError> {
        self.outgoing.clear();
        let encoded = message.encode(&mut self.outgoing).map_err(ChannelError::Malformed);
        let sent = encoded.and_then(|()| {
            loop {
                match os::send_packet(self.socket.as_fd(), self.outgoing.bytes(), pass, false) {
                    Ok(_) => return Ok(()),
                    Err(Errno::EINTR) => {}
                    Err(Errno::EPIPE | Errno::ECONNRESET | Errno::ENOTCONN) if self.is_hung_up() => {
                        return Err(ChannelError::Closed);
                    }
                    Err(errno) => return Err(ChannelError::System(errno)),
                }
            }
        });
        self.outgoing.clear();
        sent
    }

    /// Receives what is there; `None` when nothing is.
    pub fn try_receive(&mut self) -> Result<Option<Received<In>>, ChannelError> {
        self.receive_once(false)
    }

    /// `None`: nothing is there, or, with `wait`, nothing came within the socket's time limit.
    fn receive_once(&mut self, wait: bool) -> Result<Option<Received<In>>, ChannelError> {
        let packet = loop {
            match os::receive_packet(self.socket.as_fd(), &mut self.incoming, false, wait) {
                Ok(packet) => break packet,
                // With `wait` the caller has a clock to look at first.
                Err(Errno::EINTR) if !wait => {}
                Err(Errno::EINTR | Errno::EAGAIN) => return Ok(None),
                Err(Errno::ECONNRESET) if self.is_hung_up() => return Err(ChannelError::Closed),
                Err(errno) => return Err(ChannelError::System(errno)),
            }
        };
        let used = packet.length.min(self.incoming.len());
        let result = if packet.too_much {
            Err(ChannelError::TooMuch)
        } else if packet.length == 0 {
            Err(ChannelError::Closed)
        } else {
            In::decode(Reader::new(&self.incoming[..used])).map_err(ChannelError::Malformed)
        };
        // What was received may have held a password; the decoded message has its own copy.
        zeroize::Zeroize::zeroize(&mut self.incoming[..used]);
        let Packet { descriptors, descriptors_missing, .. } = packet;
        match result {
            Ok(message) => Ok(Some(Received { message, descriptors, descriptors_missing })),
            Err(error) => {
                // The sender cannot be trusted, and closing a file of FUSE can block on its server.
                descriptors.into_iter().for_each(std::mem::forget);
                Err(error)
            }
        }
    }

    /// Receives, waiting at most `patience` (`None`: as long as it takes); `None` when the time is over. The kernel counts
    /// the time in its ticks (1 to 10 ms, CONFIG_HZ) and rounds up.
    pub fn receive(&mut self, patience: Option<Duration>) -> Result<Option<Received<In>>, ChannelError> {
        let end = patience.map(|patience| Instant::now() + patience);
        let mut left = patience;
        loop {
            let no_time = left.is_some_and(|left| left.is_zero());
            let mut waits = !no_time;
            if waits && self.set_limit(left.unwrap_or(Duration::ZERO)).is_err() {
                waits = false;
                self.wait(PollFlags::POLLIN, left)?;
            }
            match self.receive_once(waits) {
                // What has come is still there, and no event tells when there is memory again.
                Err(ChannelError::System(Errno::ENOMEM | Errno::ENOBUFS)) if !no_time => {
                    std::thread::sleep(SHORTAGE.min(left.unwrap_or(SHORTAGE)));
                }
                Ok(None) if no_time => return Ok(None),
                Ok(None) => {}
                done => return done,
            }
            left = end.map(|end| end.saturating_duration_since(Instant::now()));
        }
    }

    /// Sets the socket's time limit, with which one system call does what poll and receive need three for. Who waits again
    /// and again mostly waits for the same time, and then this is no further call.
    fn set_limit(&mut self, limit: Duration) -> nix::Result<()> {
        if self.limit != limit {
            // Microseconds, rounded up: zero would mean no limit.
            let micros = i64::try_from(limit.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX);
            let value = TimeVal::microseconds(micros);
            setsockopt(&self.socket, sockopt::ReceiveTimeout, &value)?;
            self.limit = limit;
        }
        Ok(())
    }

    /// Tells the other side that nothing more will come; it reads end of file. Receiving still works.
    pub fn finish(&self) {
        let _ = nix::sys::socket::shutdown(self.socket.as_raw_fd(), nix::sys::socket::Shutdown::Write);
    }

    /// Waits until the other side has closed its end; false when `patience` was over first.
    pub fn wait_for_end(&mut self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        loop {
            match self.receive(Some(end.saturating_duration_since(Instant::now()))) {
                Ok(Some(_)) | Err(ChannelError::Malformed(_) | ChannelError::TooMuch) => {}
                Ok(None) | Err(ChannelError::System(_)) => return false,
                Err(ChannelError::Closed) => return true,
            }
        }
    }

    /// Whether the other side is gone: that a message could not be sent has sometimes another reason, and who is taken for gone
    /// is given up for good.
    fn is_hung_up(&self) -> bool {
        let mut polled = [PollFd::new(self.socket.as_fd(), PollFlags::empty())];
        poll(&mut polled, PollTimeout::ZERO) != Ok(0)
    }

    fn wait(&self, event: PollFlags, patience: Option<Duration>) -> Result<bool, ChannelError> {
        let end = patience.map(|patience| Instant::now() + patience);
        loop {
            match poll(&mut [PollFd::new(self.socket.as_fd(), event)], idle_wait::timeout(end)) {
                Ok(0) if end.is_none_or(|end| Instant::now() < end) => {}
                Ok(count) => return Ok(count > 0),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(ChannelError::System(errno)),
            }
        }
    }
}

impl<Out, In> AsFd for Channel<Out, In> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What the other side makes of a message.
#[cfg(test)]
pub(crate) fn there_and_back<M: Message>(message: &M) -> Result<M, WireError> {
    let mut writer = Writer::default();
    message.encode(&mut writer).unwrap();
    assert!(writer.bytes().len() <= M::MAX_BYTES);
    M::decode(Reader::new(writer.bytes()))
}
