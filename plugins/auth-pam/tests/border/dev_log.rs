//! The system log of a case with a /dev of its own, read by the case itself: a thread would be one too many.

use std::os::unix::net::UnixDatagram;

use crate::stage::PATIENCE;

/// The socket /dev/log.
pub(crate) struct DevLog(UnixDatagram);

impl DevLog {
    /// Makes it.
    pub(crate) fn open() -> Self {
        let socket = UnixDatagram::bind("/dev/log").unwrap_or_else(|error| panic!("/dev/log: {error}"));
        harness::scratch::set_mode("/dev/log".as_ref(), 0o666);
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        DevLog(socket)
    }

    /// Reads until a message holds `words`.
    pub(crate) fn wait_for(&self, words: &str) -> String {
        let mut message = [0; 65536];
        loop {
            let length = self.0.recv(&mut message).unwrap_or_else(|error| panic!("no '{words}': {error}"));
            let text = String::from_utf8_lossy(&message[..length]).into_owned();
            if text.contains(words) {
                return text;
            }
        }
    }

    /// The messages that are there.
    pub(crate) fn drain(&self) -> Vec<String> {
        self.0.set_nonblocking(true).unwrap();
        let mut message = [0; 65536];
        let mut found = Vec::new();
        while let Ok(length) = self.0.recv(&mut message) {
            found.push(String::from_utf8_lossy(&message[..length]).into_owned());
        }
        self.0.set_nonblocking(false).unwrap();
        found
    }
}
