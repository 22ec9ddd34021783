//! One question to a server, and its answer as it came.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, setsockopt, socket, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};

/// How long a server may take. It answers at once, unless it is stopped.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer in bytes; an honest server needs a fraction of that.
const MAX_ANSWER: usize = 1 << 20;

/// Longest name or source in bytes that a server reads.
const MAX_NAME: usize = 1024;

/// Asks.
pub(crate) fn ask(socket: &Path, line: &[u8]) -> Result<Vec<u8>, String> {
    if line.contains(&b'\n') {
        return Err("a name or source cannot have a newline".into());
    }
    let name = line.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or_default();
    if name.len() > MAX_NAME {
        return Err(format!("a name or source has at most {MAX_NAME} bytes"));
    }
    let until = Instant::now() + PATIENCE;
    let words = |error: std::io::Error| match error.kind() {
        ErrorKind::PermissionDenied => format!("{error}; only root may ask"),
        ErrorKind::ConnectionRefused => "no server listens there; is OpenVPN running?".to_owned(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("the server did not answer within {} s", PATIENCE.as_secs())
        }
        // It sends away whom it does not let ask.
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
            "the server closed the connection; only root may ask".to_owned()
        }
        _ => error.to_string(),
    };
    let mut stream = connect(socket).map_err(words)?;
    stream.write_all(&[line, b"\n"].concat()).map_err(words)?;
    let mut answer = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(left)).map_err(words)?;
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(answer),
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(words(error)),
        }
        if answer.len() > MAX_ANSWER {
            return Err("the answer is too long".into());
        }
        if until <= Instant::now() {
            return Err(words(ErrorKind::TimedOut.into()));
        }
    }
}

/// A stream to which nobody waits longer than [`PATIENCE`] for room. That goes for the connection as well: a server that is
/// stopped lets in nobody, and the kernel holds only so many for it.
fn connect(path: &Path) -> std::io::Result<UnixStream> {
    let stream = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let seconds = i64::try_from(PATIENCE.as_secs()).unwrap_or(i64::MAX);
    setsockopt(&stream, sockopt::SendTimeout, &TimeVal::seconds(seconds))?;
    nix::sys::socket::connect(stream.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(UnixStream::from(stream))
}
