//! Where OpenVPN logs to, found out by looking at one line of its log, and writing there without OpenVPN.

#[cfg(unix)]
pub(super) use unix::Destination;

#[cfg(not(unix))]
pub(super) use other::Destination;

#[cfg(unix)]
mod unix {
    use std::ffi::{CStr, c_int};
    use std::fs::File;
    use std::io::{self, Write};
    use std::os::unix::net::UnixDatagram;
    use std::time::Duration;

    use crate::boundary::{self, CapturedLog};
    use crate::logging::stamp::{Stamp, SyslogStamp};
    use crate::logging::with_errno;

    /// How often a full pipe that does not block is tried again, a millisecond apart.
    const MAX_TRIES: u32 = 1000;

    /// Where OpenVPN logs to, with how its lines begin there.
    pub(in crate::logging) enum Destination {
        /// Standard output, or the file `log` names in its place.
        Output { file: File, stamp: Stamp },
        /// The system log, through a copy of the socket the C library has for it.
        Syslog { socket: UnixDatagram, stamp: SyslogStamp },
    }

    impl Destination {
        /// Has OpenVPN log this line, and looks where it comes out. Only in one of its calls. `hidden`: the line was
        /// made for this, and goes no further.
        pub(in crate::logging) fn find(flags: c_int, line: &CStr, hidden: bool) -> Option<Self> {
            let wanted = [b"PLUGIN ", boundary::name().to_bytes(), b": ", line.to_bytes()].concat();
            let (mut found, mut lost) = (None, false);
            for caught in boundary::capture(|| boundary::send(flags, 0, line)) {
                let passed = match caught {
                    CapturedLog::Output { mut bytes, real } => {
                        let seen = read_output(&bytes, &wanted);
                        if let Some((_, start)) = seen.filter(|_| hidden) {
                            bytes.truncate(start);
                        }
                        let passed = write_all(&real, &bytes);
                        found = seen.map(|(stamp, _)| Self::Output { file: real, stamp }).or(found);
                        passed
                    }
                    CapturedLog::Datagrams { mut datagrams, real } => {
                        let seen = datagrams.last().and_then(|last| read_datagram(last, &wanted));
                        if seen.is_some() && hidden {
                            datagrams.pop();
                        }
                        let passed = datagrams.iter().try_for_each(|text| real.send(text).map(drop));
                        found = seen.map(|stamp| Self::Syslog { socket: real, stamp }).or(found);
                        passed
                    }
                };
                lost |= passed.is_err();
            }
            if lost && !hidden {
                // As when the system log was started anew: the C library notices by itself.
                boundary::send(flags, 0, line);
            }
            found.filter(|_| !lost)
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

    /// How the last line begins, and where, if it is `wanted` with a time before it.
    fn read_output(bytes: &[u8], wanted: &[u8]) -> Option<(Stamp, usize)> {
        let head = bytes.strip_suffix(b"\n")?.strip_suffix(wanted)?;
        let start = head.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        Some((Stamp::read(head.get(start..)?)?, start))
    }

    /// The same for a message to the system log.
    fn read_datagram(datagram: &[u8], wanted: &[u8]) -> Option<SyslogStamp> {
        let end = datagram.iter().rposition(|byte| !b"\n\0".contains(byte)).map_or(0, |end| end + 1);
        let head = datagram.get(..end)?.strip_suffix(wanted)?;
        SyslogStamp::read(head, &boundary::now(false)?, &boundary::now(true)?)
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
    pub(in crate::logging) struct Destination(Infallible);

    impl Destination {
        pub(in crate::logging) fn find(flags: c_int, line: &CStr, hidden: bool) -> Option<Self> {
            if !hidden {
                boundary::send(flags, 0, line);
            }
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
