//! A process that has given up everything: what it can still do, and how it ends when it tries something else.
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]

use std::convert::Infallible;
use std::fs::File;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket, socketpair};
use nix::unistd::Pid;

use nix::sys::wait::{WaitStatus, waitpid};
use privsep::line_log::LogLine;
use privsep::local_socket::LocalSocket;
use privsep::unprivileged::{Keeps, enter};
use privsep::{fork_child, leave, pair};

/// How a process without rights ends that does this; it exits with zero if the answer is yes.
fn end_of(act: impl FnOnce() -> bool) -> WaitStatus {
    end_with(Keeps::default(), act)
}

fn end_with(keeps: Keeps, act: impl FnOnce() -> bool) -> WaitStatus {
    let child = fork_child(|| {
        let missing = enter(keeps);
        if missing.capabilities.is_some() || missing.filter.is_some() {
            leave(7);
        }
        leave(i32::from(!act()))
    });
    waitpid(child.unwrap(), None).unwrap()
}

fn child() -> nix::Result<Pid> {
    fork_child(|| -> Infallible { leave(0) })
}

#[test]
fn what_it_holds_it_may_use() {
    let (mut one, mut other) = pair::<LogLine, LogLine>().unwrap();
    let random = File::open("/dev/urandom").unwrap();
    let good = end_of(move || {
        let start = Instant::now();
        let line = LogLine { level: 1, text: "x".repeat(2000) };
        let sent = one.send(&line, &[], Duration::from_secs(20)).is_ok();
        let received =
            other.try_receive().is_ok_and(|received| received.is_some_and(|it| it.message == line));
        let memory: Vec<Vec<u8>> = (0..64).map(|number| vec![number; 1 << 20]).collect();
        let random = std::io::Read::read_exact(&mut &random, &mut [0; 8]).is_ok();
        let channel = privsep::channel::sockets().is_ok();
        std::thread::sleep(Duration::from_millis(1));
        privsep::idle_wait::release_memory();
        sent && received && random && channel && memory.len() == 64 && Instant::now() > start
    });
    assert!(matches!(good, WaitStatus::Exited(_, 0)), "{good:?}");
}

/// Who listens may let callers in. That is no way to other sockets, and nobody else may.
#[test]
fn it_lets_callers_in_if_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let made = LocalSocket::make(&path).unwrap();
    let _callers: Vec<_> = (0..4).map(|_| std::os::unix::net::UnixStream::connect(&path).unwrap()).collect();
    let callers = Keeps { callers: true, ..Keeps::default() };
    let good = end_with(callers, || {
        made.admit().is_ok_and(|caller| {
            let caller = caller.expect("somebody has called");
            caller.read(&mut [0; 16]) == Ok(None) && caller.write(b"yes") == Ok(3)
        })
    });
    assert!(matches!(good, WaitStatus::Exited(_, 0)), "{good:?}");
    let killed = |end: &WaitStatus| matches!(end, WaitStatus::Signaled(_, Signal::SIGSYS, _));
    let end = end_of(|| made.admit().is_ok());
    assert!(killed(&end), "{end:?}");
    let end =
        end_with(callers, || nix::sys::socket::getsockopt(&made, nix::sys::socket::sockopt::SndBuf).is_ok());
    assert!(killed(&end), "{end:?}");
    let end = end_with(callers, || std::os::unix::net::UnixStream::connect(&path).is_ok());
    assert!(killed(&end), "{end:?}");
}

#[test]
fn it_opens_nothing() {
    for path in ["/etc/shadow", "/dev/null", "/proc/self/status", "."] {
        let refused = |error: std::io::Error| error.raw_os_error() == Some(libc::EACCES);
        let end = end_of(|| File::open(path).is_err_and(refused));
        assert!(matches!(end, WaitStatus::Exited(_, 0)), "{path}: {end:?}");
        let refused = |error: std::io::Error| error.raw_os_error() == Some(libc::EACCES);
        let end = end_of(|| std::fs::metadata(path).is_err_and(refused));
        assert!(matches!(end, WaitStatus::Exited(_, 0)), "{path}: {end:?}");
    }
}

#[test]
fn it_dies_of_everything_else() {
    let acts: [(&str, &dyn Fn() -> bool); 7] = [
        ("fork", &|| child().is_ok()),
        ("exec", &|| nix::unistd::execv(c"/bin/true", &[c"true"]).is_ok()),
        ("kill", &|| nix::sys::signal::kill(Pid::this(), Signal::SIGCONT).is_ok()),
        ("a socket", &|| socket(AddressFamily::Unix, SockType::Datagram, SockFlag::empty(), None).is_ok()),
        ("a network", &|| std::net::UdpSocket::bind("127.0.0.1:0").is_ok()),
        ("unlink", &|| std::fs::remove_file("/nonexistent").is_err()),
        ("another user", &|| nix::unistd::setuid(nix::unistd::Uid::from_raw(65534)).is_ok()),
    ];
    for (what, act) in acts {
        let end = end_of(act);
        assert!(matches!(end, WaitStatus::Signaled(_, Signal::SIGSYS, _)), "{what}: {end:?}");
    }
}

/// A pair of another kind could send anywhere (a datagram names its receiver), and one that is not closed on exec is of no
/// use to a process that starts nothing.
#[test]
fn it_makes_channels_and_no_other_sockets() {
    let (unix, closed) = (AddressFamily::Unix, SockFlag::SOCK_CLOEXEC);
    for (family, kind, flags) in [
        (unix, SockType::Datagram, closed),
        (unix, SockType::Stream, closed),
        (unix, SockType::SeqPacket, SockFlag::empty()),
        (unix, SockType::SeqPacket, closed | SockFlag::SOCK_NONBLOCK),
        (AddressFamily::Tipc, SockType::SeqPacket, closed),
    ] {
        let end = end_of(|| socketpair(family, kind, None, flags).is_ok());
        assert!(matches!(end, WaitStatus::Signaled(_, Signal::SIGSYS, _)), "{family:?} {kind:?}: {end:?}");
    }
    let end = end_of(|| socketpair(unix, SockType::SeqPacket, None, closed).is_ok());
    assert!(matches!(end, WaitStatus::Exited(_, 0)), "{end:?}");
}

#[test]
fn it_has_no_capability_in_any_set_and_gets_none() {
    for memory_locked in [false, true] {
        let (mut one, mut other) = pair::<LogLine, LogLine>().unwrap();
        let child = fork_child(|| {
            let _ = enter(Keeps { locked_memory: memory_locked, ..Keeps::default() });
            let _ = other.send(&LogLine { level: 0, text: String::new() }, &[], Duration::from_secs(20));
            loop {
                std::thread::sleep(Duration::from_secs(60));
            }
        })
        .unwrap();
        one.receive(Some(Duration::from_secs(20))).unwrap().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap();
        nix::sys::signal::kill(child, Signal::SIGKILL).unwrap();
        waitpid(child, None).unwrap();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            u64::from_str_radix(line.trim_start_matches(':').trim(), 16).unwrap()
        };
        let kept = if memory_locked { 1 << 14 } else { 0 };
        assert_eq!((of("CapEff"), of("CapPrm")), (kept, kept), "{status}");
        assert_eq!((of("CapInh"), of("CapBnd"), of("CapAmb")), (0, 0, 0), "{status}");
        assert_eq!((of("NoNewPrivs"), of("Seccomp")), (1, 2), "{status}");
    }
}

/// The process leaves as any other would, and what it had to say was said.
#[test]
fn a_panic_is_no_reason_to_be_killed() {
    let end = end_of(|| panic!("on purpose"));
    // EX_SOFTWARE, see fork_child.
    assert!(matches!(end, WaitStatus::Exited(_, 70)), "{end:?}");
}
