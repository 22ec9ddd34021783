//! Looks where a line of OpenVPN's log comes out: for the time of one call, the descriptors it may go to lead to us.
//!
//! The caller passes on what arrived. Needs no file, so it works in a chroot and without
//! privileges. Only for OpenVPN's own thread in a call: nothing else of OpenVPN runs meanwhile.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::time::Duration;

const OUTPUT: RawFd = 1;
/// Where the C library's socket to the system log is looked for: it is opened at the start.
const SOCKETS: std::ops::Range<RawFd> = 3..256;
/// Longest message to the system log.
const MESSAGE_BYTES: usize = 16 * 1024;

/// What came out during a call, and where it was to go.
pub(crate) enum CapturedLog {
    /// At standard output.
    Output { bytes: Vec<u8>, real: File },
    /// At a socket to the system log.
    Datagrams { datagrams: Vec<Vec<u8>>, real: UnixDatagram },
}

/// Calls `body`, once in any case, and gives back what it wrote where.
pub(crate) fn capture(body: impl FnOnce()) -> Vec<CapturedLog> {
    let output = stream().and_then(|(ours, theirs)| Ok((ours, Detour::start(OUTPUT, theirs.into())?)));
    // All before the first detour, which makes copies of what it finds.
    let to_system_log: Vec<RawFd> = SOCKETS.filter(|number| is_to_system_log(*number)).collect();
    let mut sockets = Vec::new();
    for number in to_system_log {
        let pair = datagrams();
        sockets.extend(pair.and_then(|(ours, theirs)| Ok((ours, Detour::start(number, theirs.into())?))));
    }
    body();
    let output = output.map(|(ours, detour)| output_of(ours, detour.end()));
    let sockets = sockets.into_iter().map(|(ours, detour)| datagrams_of(&ours, detour.end()));
    output.into_iter().chain(sockets).collect()
}

/// What a detour leads to. Nobody reads it meanwhile: where other threads fill it, what is written waits no longer than so long.
const WRITE_LIMIT: Duration = Duration::from_millis(100);

fn stream() -> io::Result<(UnixStream, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    theirs.set_write_timeout(Some(WRITE_LIMIT))?;
    Ok((ours, theirs))
}

/// The same for messages.
fn datagrams() -> io::Result<(UnixDatagram, UnixDatagram)> {
    let (ours, theirs) = UnixDatagram::pair()?;
    theirs.set_write_timeout(Some(WRITE_LIMIT))?;
    Ok((ours, theirs))
}

fn output_of(mut ours: UnixStream, real: OwnedFd) -> CapturedLog {
    let mut bytes = Vec::new();
    // It is all there. Does not wait for an end: a process forked meanwhile by another thread would hold that up.
    let _ = ours.set_nonblocking(true).and_then(|()| ours.read_to_end(&mut bytes));
    CapturedLog::Output { bytes, real: File::from(real) }
}

fn datagrams_of(ours: &UnixDatagram, real: OwnedFd) -> CapturedLog {
    let mut datagrams = Vec::new();
    let mut message = vec![0; MESSAGE_BYTES];
    if ours.set_nonblocking(true).is_ok() {
        while let Ok(length @ 1..) = ours.recv(&mut message) {
            datagrams.extend(message.get(..length).map(<[u8]>::to_vec));
        }
    }
    CapturedLog::Datagrams { datagrams, real: UnixDatagram::from(real) }
}

/// A descriptor that leads elsewhere as long as this lives.
struct Detour {
    number: RawFd,
    flags: c_int,
    real: OwnedFd,
}

impl Detour {
    fn start(number: RawFd, target: OwnedFd) -> io::Result<Self> {
        // SAFETY: takes numbers only.
        let flags = checked(unsafe { libc::fcntl(number, libc::F_GETFD) })?;
        // SAFETY: as above.
        let real = checked(unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) })?;
        // SAFETY: just made, and nobody else's.
        let real = unsafe { OwnedFd::from_raw_fd(real) };
        // SAFETY: takes numbers only; users of the descriptor go on using it, towards the target.
        checked(unsafe { libc::dup2(target.as_raw_fd(), number) })?;
        Ok(Self { number, flags, real })
    }

    /// Puts the descriptor back, and gives a copy of it.
    fn end(self) -> OwnedFd {
        // SAFETY: takes numbers only. EBUSY and EINTR are of the moment; nothing else can be wrong with open ones.
        while unsafe { libc::dup2(self.real.as_raw_fd(), self.number) } < 0 {
            let error = io::Error::last_os_error().raw_os_error();
            if !matches!(error, Some(libc::EINTR | libc::EBUSY)) {
                break;
            }
        }
        // SAFETY: takes numbers only.
        unsafe { libc::fcntl(self.number, libc::F_SETFD, self.flags) };
        self.real
    }
}

fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Whether it is a local datagram socket, connected to one that has a name.
fn is_to_system_log(number: RawFd) -> bool {
    let mut kind: c_int = 0;
    let mut length = length_of::<c_int>();
    // SAFETY: a place for a number of this length.
    let known = unsafe {
        libc::getsockopt(number, libc::SOL_SOCKET, libc::SO_TYPE, (&raw mut kind).cast(), &raw mut length)
    };
    if known < 0 || kind != libc::SOCK_DGRAM {
        return false;
    }
    let mut peer = MaybeUninit::<libc::sockaddr_un>::zeroed();
    let mut length = length_of::<libc::sockaddr_un>();
    // SAFETY: a place for an address of this length.
    if unsafe { libc::getpeername(number, peer.as_mut_ptr().cast(), &raw mut length) } < 0 {
        return false;
    }
    // SAFETY: zero is an address too, and what was filled in is one.
    let peer = unsafe { peer.assume_init() };
    c_int::from(peer.sun_family) == libc::AF_UNIX && length > length_of::<libc::sa_family_t>()
}

fn length_of<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Writes until it fails; whether it has failed in time.
    fn ends(mut write: impl FnMut() -> bool + Send + 'static) -> bool {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            while write() {}
            tell.send(()).unwrap_or_default();
        });
        told.recv_timeout(Duration::from_secs(20)).is_ok()
    }

    #[test]
    fn a_detour_that_is_full_holds_nobody_up() {
        let (ours, theirs) = stream().unwrap();
        let mut file = File::options().write(true).open("/dev/null").unwrap();
        let detour = Detour::start(file.as_raw_fd(), theirs.into()).unwrap();
        assert!(ends(move || file.write(&[b'x'; 4096]).is_ok()));
        let CapturedLog::Output { bytes, .. } = output_of(ours, detour.real) else { panic!("no output") };
        assert!(!bytes.is_empty());
        let (ours, theirs) = datagrams().unwrap();
        assert!(ends(move || theirs.send(b"x").is_ok()));
        drop(ours);
    }
}
