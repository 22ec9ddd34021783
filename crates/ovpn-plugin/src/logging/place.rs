//! Where OpenVPN logs to, found out by looking at one line of its log, and writing there without OpenVPN.

#[cfg(unix)]
pub(super) use unix::Place;

#[cfg(not(unix))]
pub(super) use other::Place;

#[cfg(unix)]
mod unix {
    use std::ffi::{CStr, c_int};
    use std::fs::File;
    use std::io::{self, Write};
    use std::os::unix::net::UnixDatagram;
    use std::time::Duration;

    use crate::boundary::{self, Caught};
    use crate::logging::stamp::{Stamp, SyslogStamp};
    use crate::logging::with_errno;

    /// How often a full pipe that does not block is tried again, a millisecond apart.
    const MAX_TRIES: u32 = 1000;

    /// Where OpenVPN logs to, with how its lines begin there.
    pub(in crate::logging) enum Place {
        /// Standard output, or the file `log` names in its place.
        Output { file: File, stamp: Stamp },
        /// The system log, through a copy of the socket the C library has for it.
        Syslog { socket: UnixDatagram, stamp: SyslogStamp },
    }

    impl Place {
        /// Has OpenVPN log this line, and looks where it comes out. Only in one of its calls.
        pub(in crate::logging) fn find(flags: c_int, line: &CStr) -> Option<Self> {
            let caught = boundary::capture(|| boundary::send(flags, 0, line));
            if caught.iter().any(Caught::is_lost) {
                boundary::send(flags, 0, line);
                return None;
            }
            let wanted = [b"PLUGIN ", boundary::name().to_bytes(), b": ", line.to_bytes()].concat();
            caught.into_iter().find_map(|caught| match caught {
                Caught::Output { bytes, real, .. } => {
                    let head = bytes.strip_suffix(b"\n")?.strip_suffix(&wanted[..])?;
                    let start = head.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                    let stamp = Stamp::read(head.get(start..)?)?;
                    Some(Self::Output { file: real, stamp })
                }
                Caught::Datagrams { datagrams, real, .. } => {
                    let last = datagrams.last()?;
                    let end = last.iter().rposition(|byte| !b"\n\0".contains(byte)).map_or(0, |end| end + 1);
                    let head = last.get(..end)?.strip_suffix(&wanted[..])?;
                    let stamp = SyslogStamp::read(head, &boundary::now(false)?, &boundary::now(true)?)?;
                    Some(Self::Syslog { socket: real, stamp })
                }
            })
        }

        /// The line as it stands in the log.
        pub(in crate::logging) fn text(&self, flags: c_int, errno: c_int, line: &CStr) -> Vec<u8> {
            let utc = matches!(self, Self::Syslog { stamp, .. } if stamp.utc);
            let now = boundary::now(utc).unwrap_or_default();
            let mut text = match self {
                Self::Output { stamp, .. } => stamp.text(flags, &now),
                Self::Syslog { stamp, .. } => stamp.text(flags, &now),
            };
            text.extend([b"PLUGIN ", boundary::name().to_bytes(), b": "].concat());
            match errno {
                0 => text.extend(line.to_bytes()),
                _ => text.extend(with_errno(line, errno).as_bytes()),
            }
            if let Self::Output { .. } = self {
                text.push(b'\n');
            }
            text
        }

        /// Writes it, with one write where the system takes it as a whole. May block as long as the log does.
        pub(in crate::logging) fn write(&self, text: &[u8]) -> io::Result<()> {
            match self {
                Self::Output { file, .. } => write_all(file, text),
                Self::Syslog { socket, .. } => retry(|| socket.send(text)).map(drop),
            }
        }
    }

    fn write_all(mut file: &File, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            let count = retry(|| file.write(rest))?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            rest = rest.get(count..).unwrap_or_default();
        }
        Ok(())
    }

    fn retry(mut write: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        let mut tries = 0;
        loop {
            match write() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && tries < MAX_TRIES => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(1));
                }
                result => return result,
            }
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::convert::Infallible;
    use std::ffi::{CStr, c_int};
    use std::io;

    use crate::boundary;

    /// Nothing is known of it here.
    pub(in crate::logging) struct Place(Infallible);

    impl Place {
        pub(in crate::logging) fn find(flags: c_int, line: &CStr) -> Option<Self> {
            boundary::send(flags, 0, line);
            None
        }

        pub(in crate::logging) fn text(&self, _: c_int, _: c_int, _: &CStr) -> Vec<u8> {
            match self.0 {}
        }

        pub(in crate::logging) fn write(&self, _: &[u8]) -> io::Result<()> {
            match self.0 {}
        }
    }
}
