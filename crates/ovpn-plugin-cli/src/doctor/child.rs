//! Runs foreign code in a process of its own, which may crash, hang or print what it likes.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{self, Pid};
use ovpn_plugin_host::fork_alone;

/// How long it may take.
const LIMIT: Duration = Duration::from_secs(20);
/// How often is looked whether it has ended: something that it has started may hold the other end of the stream.
const LOOK: u16 = 100;
const MARK: u8 = 0;

/// What `body` says in a process of its own.
///
/// # Errors
/// What became of the process, if it said nothing.
pub(crate) fn ask(body: impl FnOnce() -> String) -> Result<String, String> {
    let failed = |error: io::Error| format!("no process of its own: {error}");
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let child = fork_alone(|| {
        if prepare().is_ok() {
            let text = body();
            let _ = (&theirs).write_all(text.as_bytes()).and_then(|()| (&theirs).write_all(&[MARK]));
        }
    });
    let child = Pid::from_raw(child.map_err(failed)?);
    drop(theirs);
    let said = listen(&ours);
    if said.is_none() {
        let _ = kill(child, Signal::SIGKILL);
    }
    let end = waitpid(child, None);
    match (said, end) {
        (Some(text), _) if text.last() == Some(&MARK) => {
            Ok(String::from_utf8_lossy(text.strip_suffix(&[MARK]).unwrap_or(&text)).into_owned())
        }
        (None, _) => Err(format!("it did not end within {} s", LIMIT.as_secs())),
        (_, Ok(WaitStatus::Signaled(_, signal, _))) => Err(format!("it was killed by {signal}")),
        (_, Ok(WaitStatus::Exited(_, status))) => Err(format!("it ended with exit status {status}")),
        (_, other) => Err(format!("it ended ({other:?})")),
    }
}

/// Everything up to the mark or the end of the stream; nothing if that took too long.
fn listen(stream: &UnixStream) -> Option<Vec<u8>> {
    let deadline = Instant::now() + LIMIT;
    let mut text = Vec::new();
    stream.set_nonblocking(true).ok()?;
    while Instant::now() < deadline {
        let _ = poll(&mut [PollFd::new(stream.as_fd(), PollFlags::POLLIN)], PollTimeout::from(LOOK));
        let mut buffer = [0; 4096];
        match (&*stream).read(&mut buffer) {
            Ok(0) => return Some(text),
            Ok(count) => text.extend(buffer.iter().take(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return Some(text),
        }
        if text.last() == Some(&MARK) {
            return Some(text);
        }
    }
    None
}

fn prepare() -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    unistd::dup2_stdin(&nothing)?;
    unistd::dup2_stdout(&nothing)?;
    unistd::dup2_stderr(&nothing)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // The test's threads keep it from forking; the command has one only. See tests/command/doctor.
    #[test]
    fn among_threads_nothing_is_run() {
        let other = std::thread::spawn(std::thread::park);
        assert!(ask(String::new).is_err_and(|error| error.contains("one thread")));
        other.thread().unpark();
        other.join().unwrap();
    }
}
