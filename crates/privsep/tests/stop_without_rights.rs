//! Stopping a helper that this process may not signal, as OpenVPN that has become nobody may not: it must not wait for
//! ever for what does not come.
//!
//! Without the usual test harness: this program forks processes that change their user, and has a single thread.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Gid, Pid, Uid};
use privsep::confine::{Confinement, Group, Output};
use privsep::{Helper, Message, Reader, WireError, Writer, fork_child, leave};

const PATIENCE: Duration = Duration::from_millis(300);
/// [`PATIENCE`] and the half second more that is documented, on a loaded machine.
const BOUND: Duration = Duration::from_secs(4);
/// The end of a process that waits for ever: SIGALRM.
const LIMIT_SECONDS: u32 = 30;

/// A message of nothing.
struct Empty;

impl Message for Empty {
    const MAX_BYTES: usize = 1;
    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.u8(0);
        Ok(())
    }
    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        from.u8()?;
        from.end().map(|()| Empty)
    }
}

/// A helper that leaves when its channel ends, if it is let.
fn helper() -> Helper<Empty, Empty> {
    let started = Helper::start(|mut channel| {
        Confinement {
            title: "test: helper",
            command: c"test-helper",
            group: Group::Session,
            output: Output::Inherit,
            keep: &[channel.as_fd()],
            numbers: privsep::Numbers::Free,
            ignore: &[],
            withstand: &[],
            cores: privsep::confine::Cores::Never,
        }
        .enter();
        while let Ok(Some(_)) = channel.receive(None) {}
        leave(0)
    });
    started.unwrap_or_else(|error| panic!("helper: {error}"))
}

fn become_nobody() {
    nix::unistd::setgid(Gid::from_raw(65534)).unwrap_or_else(|errno| panic!("setgid: {errno}"));
    nix::unistd::setuid(Uid::from_raw(65534)).unwrap_or_else(|errno| panic!("setuid: {errno}"));
}

/// Runs `play` in a child, which it tells the helper's pid so that it is killed in the end.
fn in_a_child(what: &str, play: impl FnOnce(Helper<Empty, Empty>)) {
    let (mut reading, writing) = UnixStream::pair().unwrap_or_else(|error| panic!("socket pair: {error}"));
    let child = fork_child(|| {
        privsep::confine::reset_signals(&[]);
        nix::unistd::alarm::set(LIMIT_SECONDS);
        let helper = helper();
        tell(writing, helper.pid());
        play(helper);
        leave(0)
    });
    let child = child.unwrap_or_else(|errno| panic!("fork: {errno}"));
    let mut pid = [0; 4];
    let told = reading.read_exact(&mut pid);
    let how = waitpid(child, None);
    let helper = Pid::from_raw(i32::from_ne_bytes(pid));
    // Only while it is a child of this process is the number surely its own.
    if told.is_ok() && waitpid(helper, Some(WaitPidFlag::WNOHANG)) == Ok(WaitStatus::StillAlive) {
        let _ = kill(helper, Signal::SIGKILL);
        let _ = waitpid(helper, None);
    }
    assert_eq!(how, Ok(WaitStatus::Exited(child, 0)), "{what}");
    println!("test {what} ... ok");
}

fn tell(mut writing: UnixStream, pid: Pid) {
    writing.write_all(&pid.as_raw().to_ne_bytes()).unwrap_or_else(|error| panic!("socket pair: {error}"));
}

/// `stop` answers `expected` within the bound.
fn stops(helper: Helper<Empty, Empty>, expected: bool) {
    let started = Instant::now();
    let answer = helper.stop(PATIENCE);
    let took = started.elapsed();
    assert_eq!(answer, expected, "after {took:?}");
    assert!(took < BOUND, "stop took {took:?}");
}

fn main() -> ExitCode {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("this test needs root: only root can become somebody else");
        return ExitCode::FAILURE;
    }
    // The helper that is stopped becomes a child of this process when its parent ends, and is killed.
    nix::sys::prctl::set_child_subreaper(true).unwrap_or_else(|errno| panic!("prctl: {errno}"));
    in_a_child("a stopped helper of somebody else is given up", |helper| {
        kill(helper.pid(), Signal::SIGSTOP).unwrap_or_else(|errno| panic!("SIGSTOP: {errno}"));
        become_nobody();
        stops(helper, false);
    });
    in_a_child("a stopped helper of one's own is killed", |helper| {
        kill(helper.pid(), Signal::SIGSTOP).unwrap_or_else(|errno| panic!("SIGSTOP: {errno}"));
        stops(helper, true);
    });
    in_a_child("a helper of somebody else leaves by itself", |helper| {
        become_nobody();
        stops(helper, true);
    });
    ExitCode::SUCCESS
}
