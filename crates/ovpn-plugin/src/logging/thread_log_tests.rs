//! What becomes of the lines of threads, without a host.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::super::stamp::Stamp;
use super::*;

/// A log whose lines come out at the other end, without a time.
fn open_log() -> (&'static ThreadLog, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let log: &'static ThreadLog = Box::leak(Box::new(ThreadLog::new()));
    let file = File::from(OwnedFd::from(theirs));
    {
        let mut locked = log.enter();
        locked.lines.destination = Some(Arc::new(Destination::Output { file, stamp: Stamp::None }));
        locked.lines.verb = Some(4);
        locked.lines.settled = true;
    }
    (log, ours)
}

fn waiting(log: &ThreadLog) -> usize {
    log.enter().lines.waiting.len()
}

#[test]
fn lines_that_do_not_fit_are_counted() {
    let log = ThreadLog::new();
    for _ in 0..MAX_WAITING + 7 {
        log.log_elsewhere(sys::PLOG_NOTE, 0, c"a line");
    }
    assert_eq!((waiting(&log), log.enter().lines.lost), (MAX_WAITING, 7));
    assert!(log.waiting.load(Ordering::Acquire));
    log.enter().lines.flush();
    assert_eq!((waiting(&log), log.enter().lines.lost), (0, 0));
    assert!(!log.waiting.load(Ordering::Acquire));
}

#[test]
fn what_openvpn_would_not_show_is_not_kept() {
    for (verb, flags, kept) in [
        (Some(0), sys::PLOG_ERR, 0),
        (Some(1), sys::PLOG_ERR, 1),
        (Some(6), sys::PLOG_DEBUG, 0),
        (Some(7), sys::PLOG_DEBUG, 1),
        (None, sys::PLOG_NOTE, 1),
        (None, sys::PLOG_DEBUG, 1),
    ] {
        let log = ThreadLog::new();
        log.enter().lines.verb = verb;
        log.log_elsewhere(flags, 0, c"a line");
        assert_eq!(waiting(&log), kept, "verb {verb:?}, flags {flags}");
    }
}

#[test]
fn a_known_place_is_written_to_at_once() {
    let (log, mut reader) = open_log();
    log.log_elsewhere(sys::PLOG_NOTE, 0, c"a line");
    log.log_elsewhere(sys::PLOG_ERR, 13, c"cannot read /x");
    let mut text = [0; 200];
    let count = reader.read(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text[..count]);
    assert_eq!(text, "PLUGIN : a line\nPLUGIN : cannot read /x: Permission denied (errno=13)\n");
}

#[test]
fn lines_that_wait_come_first() {
    let (log, _reader) = open_log();
    log.enter().lines.keep(sys::PLOG_NOTE, 0, c"the first");
    log.log_elsewhere(sys::PLOG_NOTE, 0, c"the second");
    assert_eq!(waiting(log), 2);
}

/// As when the system log starts anew: the line waits for OpenVPN's next call, and where OpenVPN logs to is looked for again.
#[test]
fn a_place_that_takes_nothing_is_given_up() {
    let (log, reader) = open_log();
    drop(reader);
    log.log_elsewhere(sys::PLOG_NOTE, 0, c"a line");
    assert_eq!(waiting(log), 1);
    let lines = &log.enter().lines;
    assert!(lines.destination.is_none() && lines.settled && lines.looks == 0);
}

/// The thread that is stuck is alone with that: others may look after lines and forks.
#[test]
fn a_stuck_reader_stops_only_who_writes() {
    let (log, mut reader) = open_log();
    let (tell, told) = mpsc::channel();
    let writer = thread::spawn(move || {
        for _ in 0..10_000 {
            log.log_elsewhere(sys::PLOG_NOTE, 0, c"a line that fills the pipe sooner or later");
            tell.send(()).unwrap();
        }
    });
    // Until nothing moves for a while; were it only slow, the test would show less but not fail.
    while told.recv_timeout(Duration::from_millis(300)).is_ok() {}
    assert!(!writer.is_finished());
    drop(log.enter());
    drop(log.keep_forks_out());
    let mut read = 0;
    let mut buffer = [0; 65536];
    while read < 10_000 * "PLUGIN : a line that fills the pipe sooner or later\n".len() {
        read += reader.read(&mut buffer).unwrap();
    }
    writer.join().unwrap();
    assert_eq!(waiting(log), 0);
}
