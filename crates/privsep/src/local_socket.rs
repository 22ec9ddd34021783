//! A socket in the file system by which root asks a process that has no rights: made while it still has them, served without.
//!
//! * Only root can reach it: mode 0600, and the kernel says who has connected. With an OpenVPN that a user started, that user
//!   can as well.
//! * Its directory is one that only root may write to; that is for the caller to see to. What is there under the name is
//!   replaced only if it is a socket of ours at which nobody listens. Nothing is ever written through a link.
//! * A name is never without a socket for a moment, nor are two servers at it: it is swapped with what was there, and swapped
//!   back if somebody listens at that after all.

use std::fmt;
use std::fs::{self, Permissions};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, bind, connect, getsockopt, listen,
    recvmsg, socket, sockopt,
};

use crate::channel::above_standard;
use crate::lines;
use crate::os::{self, Rename};

/// Longest path, in bytes: the kernel's bound, less what makes a name next to it.
pub const MAX_PATH: usize = 90;
/// Callers that the kernel has wait.
const BACKLOG: i32 = 8;

/// Where callers arrive.
#[derive(Debug)]
pub struct LocalSocket {
    listener: UnixListener,
    /// Who may call, beside root.
    owner: u32,
}

/// Why there is none.
#[derive(Debug)]
pub enum SocketError {
    /// Somebody listens there already.
    InUse,
    /// There is something else than a socket of ours.
    Occupied,
    /// The system refused.
    System(Errno),
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SocketError::InUse => lines::socket_in_use().fmt(f),
            SocketError::Occupied => lines::socket_occupied().fmt(f),
            SocketError::System(errno) => f.write_str(errno.desc()),
        }
    }
}

impl std::error::Error for SocketError {}

impl From<Errno> for SocketError {
    fn from(errno: Errno) -> Self {
        SocketError::System(errno)
    }
}

impl From<io::Error> for SocketError {
    fn from(error: io::Error) -> Self {
        SocketError::System(Errno::from_raw(error.raw_os_error().unwrap_or(0)))
    }
}

impl LocalSocket {
    /// Makes the socket. Nothing in here waits.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub fn make(path: &Path) -> Result<Self, SocketError> {
        // Most of the time this is all that a second server does.
        look(path)?;
        let owner = nix::unistd::geteuid().as_raw();
        let own = path.with_file_name(format!(".ovpn-{}", std::process::id()));
        // Of a process that had this number before.
        remove_dead(&own);
        let listener = listen_at(&own)?;
        if let Err(error) = put_at(&own, path) {
            let _ = fs::remove_file(&own);
            return Err(error);
        }
        Ok(LocalSocket { listener, owner })
    }

    /// The next caller; `None`: there is none. One that may not call, or of whom nobody can say who it is, is gone already.
    ///
    /// # Errors
    /// `EMFILE`, `ENOMEM` and the like.
    pub fn admit(&self) -> nix::Result<Option<Caller>> {
        let stream = match self.listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) => {
                return match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
                    Errno::EAGAIN | Errno::ECONNABORTED | Errno::EINTR => Ok(None),
                    errno => Err(errno),
                };
            }
        };
        match getsockopt(&stream, sockopt::PeerCredentials) {
            Ok(peer) => Ok([0, self.owner].contains(&peer.uid()).then_some(Caller(stream))),
            Err(errno) => {
                lines::caller_lost(errno.desc()).log();
                Ok(None)
            }
        }
    }
}

/// To be waited for.
impl AsFd for LocalSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

/// Somebody who has called. Nothing here waits.
#[derive(Debug)]
pub struct Caller(UnixStream);

impl Caller {
    /// Reads; `None`: nothing yet, 0: there will be no more.
    ///
    /// # Errors
    /// The caller is gone.
    pub fn read(&self, buffer: &mut [u8]) -> nix::Result<Option<usize>> {
        let mut parts = [IoSliceMut::new(buffer)];
        // Nobody asked for descriptors. Without a place for them, the kernel lets them go.
        match recvmsg::<()>(self.0.as_raw_fd(), &mut parts, None, MsgFlags::MSG_DONTWAIT) {
            Ok(received) => Ok(Some(received.bytes)),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Writes as much as there is room for; how much that was.
    ///
    /// # Errors
    /// The caller is gone.
    pub fn write(&self, bytes: &[u8]) -> nix::Result<usize> {
        match os::send_packet(self.as_fd(), bytes, &[], false) {
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(0),
            done => done,
        }
    }
}

impl AsFd for Caller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Takes a socket away at which nobody listens any more; anything else stays.
pub fn remove_dead(path: &Path) {
    if let Ok(Found::Dead) = look(path) {
        let _ = fs::remove_file(path);
    }
}

/// What is under a name, as far as it may be replaced.
enum Found {
    Nothing,
    Dead,
}

fn look(path: &Path) -> Result<Found, SocketError> {
    let status = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        status => status?,
    };
    let owners = [0, nix::unistd::geteuid().as_raw()];
    if !status.file_type().is_socket() || !owners.contains(&status.uid()) {
        return Err(SocketError::Occupied);
    }
    let probe = socket(
        AddressFamily::Unix,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        None,
    )?;
    match connect(probe.as_raw_fd(), &UnixAddr::new(path)?) {
        Err(Errno::ECONNREFUSED) => Ok(Found::Dead),
        Err(Errno::ENOENT) => Ok(Found::Nothing),
        // It has as many callers as it takes.
        Ok(()) | Err(Errno::EAGAIN) => Err(SocketError::InUse),
        // A socket of another kind.
        Err(Errno::EPROTOTYPE) => Err(SocketError::Occupied),
        Err(errno) => Err(errno.into()),
    }
}

/// A listener that root alone can reach from the first moment on.
fn listen_at(path: &Path) -> Result<UnixListener, SocketError> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let listener = above_standard(socket(AddressFamily::Unix, SockType::Stream, flags, None)?)?;
    // What is there is not ours: another server's, in a container that has the directory and the same number in it.
    bind(listener.as_raw_fd(), &UnixAddr::new(path)?)?;
    let closed = fs::set_permissions(path, Permissions::from_mode(0o600));
    // Before, the kernel refuses everybody.
    let listens =
        closed.map_err(SocketError::from).and_then(|()| Ok(listen(&listener, Backlog::new(BACKLOG)?)?));
    if let Err(error) = listens {
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok(UnixListener::from(listener))
}

/// Gives our socket its name.
fn put_at(own: &Path, path: &Path) -> Result<(), SocketError> {
    match os::rename(own, path, Rename::ToNewName) {
        Err(Errno::EEXIST) => {}
        done => return Ok(done?),
    }
    os::rename(own, path, Rename::Swapping)?;
    // Another server may have come in between.
    match look(own) {
        Ok(_) => {
            let _ = fs::remove_file(own);
            Ok(())
        }
        Err(error) => {
            os::rename(own, path, Rename::Swapping)?;
            Err(error)
        }
    }
}

/// The directory of a socket.
#[must_use]
pub fn directory(path: &Path) -> PathBuf {
    path.parent().map_or_else(|| PathBuf::from("/"), Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        (directory, path)
    }

    fn names(directory: &tempfile::TempDir) -> Vec<std::ffi::OsString> {
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_caller_is_heard_and_answered_and_nobody_waits() {
        let (directory, path) = place();
        let made = LocalSocket::make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(names(&directory), ["socket"]);
        assert!(made.admit().unwrap().is_none());
        let mut stream = UnixStream::connect(&path).unwrap();
        let caller = made.admit().unwrap().expect("a caller");
        let mut buffer = [0; 16];
        assert_eq!(caller.read(&mut buffer), Ok(None));
        stream.write_all(b"status\n").unwrap();
        assert_eq!(caller.read(&mut buffer), Ok(Some(7)));
        // One that does not read takes what the kernel holds for it, and no more.
        let mut sent = 0;
        loop {
            match caller.write(&[b'x'; 65536]).unwrap() {
                0 => break,
                more => sent += more,
            }
            assert!(sent < 16 << 20);
        }
        drop(caller);
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), sent);
    }

    #[test]
    fn descriptors_of_a_caller_do_not_stay() {
        let (_directory, path) = place();
        let made = LocalSocket::make(&path).unwrap();
        let stream = UnixStream::connect(&path).unwrap();
        let caller = made.admit().unwrap().expect("a caller");
        let (reading, writing) = nix::unistd::pipe().unwrap();
        os::send_packet(stream.as_fd(), b"status", &[writing.as_fd()], false).unwrap();
        drop(writing);
        assert_eq!(caller.read(&mut [0; 16]), Ok(Some(6)));
        let mut polled = [PollFd::new(reading.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut polled, PollTimeout::from(5000_u16)), Ok(1), "somebody holds the other end");
        assert_eq!(fs::File::from(reading).read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn a_caller_that_is_gone_is_an_error_and_no_signal() {
        let (_directory, path) = place();
        let made = LocalSocket::make(&path).unwrap();
        drop(UnixStream::connect(&path).unwrap());
        let caller = made.admit().unwrap().expect("a caller");
        assert_eq!(caller.read(&mut [0; 16]), Ok(Some(0)));
        assert_eq!(caller.write(b"x"), Err(Errno::EPIPE));
    }

    #[test]
    fn a_second_server_is_told_and_the_first_one_stays() {
        let (directory, path) = place();
        let first = LocalSocket::make(&path).unwrap();
        assert!(matches!(LocalSocket::make(&path), Err(SocketError::InUse)));
        assert_eq!(names(&directory), ["socket"]);
        remove_dead(&path);
        let _stream = UnixStream::connect(&path).unwrap();
        // The looks of the other one were callers as well.
        assert!(std::iter::from_fn(|| first.admit().unwrap()).count() >= 1);
    }

    /// Two servers have both found a dead socket: the later one finds the other's socket, and puts it back.
    #[test]
    fn of_two_that_start_at_once_one_is_told() {
        let (directory, path) = place();
        drop(LocalSocket::make(&path).unwrap());
        let [one, other] = ["one", "other"].map(|name| directory.path().join(name));
        let first = listen_at(&one).unwrap();
        let second = listen_at(&other).unwrap();
        put_at(&one, &path).unwrap();
        assert!(matches!(put_at(&other, &path), Err(SocketError::InUse)));
        fs::remove_file(&other).unwrap();
        assert_eq!(names(&directory), ["socket"]);
        drop(second);
        UnixStream::connect(&path).expect("the first one is there");
        drop(first);
    }

    #[test]
    fn what_a_dead_server_left_is_replaced_and_can_be_removed() {
        let (directory, path) = place();
        drop(LocalSocket::make(&path).unwrap());
        assert!(path.exists(), "nobody has removed it");
        let made = LocalSocket::make(&path).unwrap();
        UnixStream::connect(&path).unwrap();
        drop(made);
        remove_dead(&path);
        assert_eq!(names(&directory), <[&str; 0]>::default());
    }

    #[test]
    fn nothing_but_a_socket_of_ours_is_replaced() {
        let (directory, path) = place();
        let other = directory.path().join("other");
        for make in [
            &|path: &Path| fs::write(path, "precious").unwrap(),
            &|path: &Path| fs::create_dir(path).unwrap(),
            &|path: &Path| std::os::unix::fs::symlink(&other, path).unwrap(),
            &|path: &Path| {
                drop(UnixListener::bind(path).unwrap());
                std::os::unix::fs::chown(path, Some(65534), None).unwrap();
            },
        ] as [&dyn Fn(&Path); 4]
        {
            make(&path);
            assert!(matches!(LocalSocket::make(&path), Err(SocketError::Occupied)));
            remove_dead(&path);
            assert!(fs::symlink_metadata(&path).is_ok() && !other.exists());
            let _ = fs::remove_dir(&path).or_else(|_| fs::remove_file(&path));
        }
        assert_eq!(names(&directory), <[&str; 0]>::default());
    }

    /// Under the name that it has for a moment there may be something of somebody else's.
    #[test]
    fn what_it_has_not_made_is_not_removed_either() {
        let (directory, path) = place();
        let own = path.with_file_name(format!(".ovpn-{}", std::process::id()));
        fs::write(&own, "precious").unwrap();
        assert!(matches!(LocalSocket::make(&path), Err(SocketError::System(Errno::EADDRINUSE))));
        assert_eq!(fs::read_to_string(&own).unwrap(), "precious");
        fs::remove_file(&own).unwrap();
        let other = UnixListener::bind(&own).unwrap();
        assert!(LocalSocket::make(&path).is_err());
        UnixStream::connect(&own).expect("it is still there");
        drop(other);
        // A dead one is.
        LocalSocket::make(&path).unwrap();
        assert_eq!(names(&directory), ["socket"]);
    }

    /// Another user cannot connect; and one whom root lets in is sent away by what the kernel says of it.
    #[test]
    fn another_user_is_not_heard() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let (directory, path) = place();
        let made = LocalSocket::make(&path).unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let connects = |path: &Path| {
            let path = path.to_path_buf();
            let child = crate::fork_child(move || {
                nix::unistd::setresuid(65534.into(), 65534.into(), 65534.into()).unwrap();
                crate::leave(i32::from(UnixStream::connect(path).is_ok()))
            });
            os::wait_for(child.unwrap(), true).unwrap().unwrap().1
        };
        assert_eq!(connects(&path), crate::Ended::Exited(0));
        assert!(made.admit().unwrap().is_none());
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        assert_eq!(connects(&path), crate::Ended::Exited(1));
        assert!(made.admit().unwrap().is_none(), "another user was let in");
    }
}
