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

/// A door whose lines come out at the other end, without a time.
fn open_door() -> (&'static Door, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let door: &'static Door = Box::leak(Box::new(Door::new()));
    let file = File::from(OwnedFd::from(theirs));
    {
        let mut inside = door.enter();
        inside.lines.place = Some(Arc::new(Place::Output { file, stamp: Stamp::None }));
        inside.lines.verb = Some(4);
        inside.lines.settled = true;
    }
    (door, ours)
}

fn waiting(door: &Door) -> usize {
    door.enter().lines.waiting.len()
}

#[test]
fn lines_that_do_not_fit_are_counted() {
    let door = Door::new();
    for _ in 0..MAX_WAITING + 7 {
        door.log_elsewhere(sys::PLOG_NOTE, 0, c"a line");
    }
    assert_eq!((waiting(&door), door.enter().lines.lost), (MAX_WAITING, 7));
    assert!(door.waiting.load(Ordering::Acquire));
    door.enter().lines.flush();
    assert_eq!((waiting(&door), door.enter().lines.lost), (0, 0));
    assert!(!door.waiting.load(Ordering::Acquire));
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
        let door = Door::new();
        door.enter().lines.verb = verb;
        door.log_elsewhere(flags, 0, c"a line");
        assert_eq!(waiting(&door), kept, "verb {verb:?}, flags {flags}");
    }
}

#[test]
fn a_known_place_is_written_to_at_once() {
    let (door, mut reader) = open_door();
    door.log_elsewhere(sys::PLOG_NOTE, 0, c"a line");
    door.log_elsewhere(sys::PLOG_ERR, 13, c"cannot read /x");
    let mut text = [0; 200];
    let count = reader.read(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text[..count]);
    assert_eq!(text, "PLUGIN : a line\nPLUGIN : cannot read /x: Permission denied (errno=13)\n");
}

#[test]
fn lines_that_wait_come_first() {
    let (door, _reader) = open_door();
    door.enter().lines.keep(sys::PLOG_NOTE, 0, c"the first");
    door.log_elsewhere(sys::PLOG_NOTE, 0, c"the second");
    assert_eq!(waiting(door), 2);
}

/// As when the system log starts anew: the line waits for OpenVPN's next call, and the place is looked for again.
#[test]
fn a_place_that_takes_nothing_is_given_up() {
    let (door, reader) = open_door();
    drop(reader);
    door.log_elsewhere(sys::PLOG_NOTE, 0, c"a line");
    assert_eq!(waiting(door), 1);
    let lines = &door.enter().lines;
    assert!(lines.place.is_none() && lines.settled && lines.looks == 0);
}

/// The thread that is stuck is alone with that: others may look after lines and forks.
#[test]
fn a_stuck_reader_stops_only_who_writes() {
    let (door, mut reader) = open_door();
    let (tell, told) = mpsc::channel();
    let writer = thread::spawn(move || {
        for _ in 0..10_000 {
            door.log_elsewhere(sys::PLOG_NOTE, 0, c"a line that fills the pipe sooner or later");
            tell.send(()).unwrap();
        }
    });
    // Until nothing moves for a while; were it only slow, the test would show less but not fail.
    while told.recv_timeout(Duration::from_millis(300)).is_ok() {}
    assert!(!writer.is_finished());
    drop(door.enter());
    drop(door.keep_forks_out());
    let mut read = 0;
    let mut buffer = [0; 65536];
    while read < 10_000 * "PLUGIN : a line that fills the pipe sooner or later\n".len() {
        read += reader.read(&mut buffer).unwrap();
    }
    writer.join().unwrap();
    assert_eq!(waiting(door), 0);
}
