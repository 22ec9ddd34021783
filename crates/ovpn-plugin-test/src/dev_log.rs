//! A private /dev/log: what a server sends to syslog(3) is caught here and reaches no log of the machine.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::thread::JoinHandle;

use crate::log::Log;
use crate::scratch::{Scratch, set_mode};

const LAST: &[u8] = b"\0the harness stops reading";

/// A syslog socket and the lines that arrived, each with the `<priority>` it was sent with.
#[derive(Debug)]
pub struct DevLog {
    scratch: Scratch,
    log: Log,
    thread: Option<JoinHandle<()>>,
}

impl DevLog {
    /// Opens the socket and starts reading.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let scratch = Scratch::new();
        let path = scratch.join("socket");
        let socket = UnixDatagram::bind(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        set_mode(&path, 0o666);
        scratch.directory("dev", 0o755);
        let log = Log::default();
        let feed = log.clone();
        let thread = std::thread::spawn(move || {
            let mut datagram = [0; 65536];
            while let Ok(length) = socket.recv(&mut datagram) {
                let message = datagram.get(..length).unwrap_or_default();
                if message == LAST {
                    return;
                }
                feed.push(String::from_utf8_lossy(message).trim_end_matches(['\0', '\n']).to_string());
            }
        });
        Self { scratch, log, thread: Some(thread) }
    }

    /// The messages so far and to come.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The words that, before a program's own, run it in a mount namespace where /dev/log is this socket.
    ///
    /// /dev becomes a small directory with the few devices OpenVPN needs, so that nothing of the machine's
    /// own /dev is touched, not even where /dev/log is a link into /run. net/tun is open to everyone, as udev
    /// has it.
    pub fn wrapper(&self) -> Vec<String> {
        const SETUP: &str = r#"
            set -e
            mount --rbind /dev "$0/dev"
            mount -t tmpfs -o mode=755 tmpfs /dev
            mkdir /dev/net
            for name in null zero full random urandom tty; do
                touch "/dev/$name"
                mount --bind "$0/dev/$name" "/dev/$name"
            done
            mknod -m 666 /dev/net/tun c 10 200
            ln -s "$0/socket" /dev/log
            exec "$@""#;
        let place = self.scratch.path().to_string_lossy().into_owned();
        ["unshare", "--mount", "sh", "-c", SETUP].into_iter().map(String::from).chain([place]).collect()
    }
}

/// A message as a syslog daemon writes it to a file: without priority, with a host name after the time, and with a time if
/// the message has none.
pub fn as_syslog_line(message: &str) -> String {
    let text = message.split_once('>').map_or(message, |(_, rest)| rest);
    // "Mmm dd hh:mm:ss " is 16 bytes wide.
    let is_time = |time: &&str| time.as_bytes()[3] == b' ' && time.as_bytes()[9] == b':';
    match (text.get(..16).filter(is_time), text.get(16..)) {
        (Some(time), Some(rest)) => format!("{time}vpnhost {rest}"),
        _ => format!("Jan  1 00:00:00 vpnhost {text}"),
    }
}

impl Drop for DevLog {
    fn drop(&mut self) {
        let told = UnixDatagram::unbound().and_then(|socket| socket.send_to(LAST, self.path()));
        if let (Ok(_), Some(thread)) = (told, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

impl DevLog {
    fn path(&self) -> impl AsRef<Path> {
        self.scratch.join("socket")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PATIENCE;
    use crate::log::Mark;

    #[test]
    fn a_message_to_syslog_lands_here_only() {
        let dev_log = DevLog::new();
        let words = dev_log.wrapper();
        let (program, arguments) = words.split_first().expect("not empty");
        let status = std::process::Command::new(program)
            .args(arguments)
            .args(["logger", "-p", "auth.notice", "-t", "test[1]", "caught"])
            .status();
        assert!(status.expect("unshare").success());
        let line = dev_log.log().wait_for(Mark::START, "caught", PATIENCE).text;
        assert!(as_syslog_line(&line).contains(" vpnhost test[1]: caught"), "{line}");
    }
}
