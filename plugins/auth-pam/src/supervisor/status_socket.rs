//! The socket of `status=`: a caller sends one line with a question, gets an answer of several lines, and that is all. Root
//! alone can call; still a caller is given only so much time and memory, and what he sends is looked at byte by byte.
//!
//! ```text
//! status              ok, and how things stand (report.rs), up to the line "end"
//! revoke NAME         ok, and what was ended (revoking.rs)
//! unblock SOURCE      ok, and what was forgiven
//! ```
//!
//! Anything else is answered with "error" and why.

use std::path::Path;
use std::time::{Duration, Instant};

use privsep::local_socket::{Caller, LocalSocket};

use super::Supervisor;
use super::events::{EventSource, Events, Interest, MAX_CALLERS};
use crate::protocol::MAX_TEXT;

/// Longest question in bytes: a word, a name, and the end of the line.
const MAX_QUESTION: usize = 16 + MAX_TEXT;
/// How long a caller may take to ask, and to read the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause when nobody can be let in, for want of memory or descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// Makes the socket. Without it the server goes on: nobody's login depends on it.
pub fn socket(path: &Path, events: &Events) -> Option<LocalSocket> {
    let made = LocalSocket::make(path).map_err(|error| error.to_string());
    let made = made.and_then(|socket| match events.add(&socket, EventSource::StatusSocket) {
        Ok(()) => Ok(socket),
        Err(errno) => Err(errno.desc().to_string()),
    });
    made.map_err(|why| {
        lines::status::no_socket(path.display(), why).log();
    })
    .ok()
}

/// What a caller wants.
#[derive(Debug, PartialEq, Eq)]
pub enum StatusRequest<'a> {
    /// How things stand.
    Status,
    /// What this user has so far is worth nothing any more.
    Revoke(&'a [u8]),
    /// What this source has done so far is forgiven.
    Unblock(&'a [u8]),
}

impl<'a> StatusRequest<'a> {
    /// From a line without its end.
    pub fn parse(line: &'a [u8]) -> Result<Self, &'static str> {
        let (word, rest) = match line.iter().position(|byte| *byte == b' ') {
            Some(at) => (&line[..at], Some(&line[at + 1..])),
            None => (line, None),
        };
        match (word, rest) {
            (b"status", None) => Ok(StatusRequest::Status),
            (b"revoke", Some(name)) if !name.is_empty() && name.len() <= MAX_TEXT && !name.contains(&0) => {
                Ok(StatusRequest::Revoke(name))
            }
            (b"revoke", _) => Err("revoke needs a name"),
            (b"unblock", Some(source)) if !source.is_empty() => Ok(StatusRequest::Unblock(source)),
            (b"unblock", _) => Err("unblock needs an address or a network"),
            _ => Err("this server knows status, revoke NAME and unblock SOURCE"),
        }
    }
}

/// One caller.
struct StatusCaller {
    connection: Caller,
    until: Instant,
    question: Vec<u8>,
    /// Nothing until the question is there.
    answer: Option<Vec<u8>>,
    sent: usize,
}

/// What is to be done about a caller.
enum CallerStep {
    /// It has asked this.
    Asked(Vec<u8>),
    /// It is waited for.
    Wait(Interest),
    /// It has its answer, or is gone.
    Done,
}

/// All of them, and where they arrive.
pub struct StatusSocket {
    socket: Option<LocalSocket>,
    places: [Option<StatusCaller>; MAX_CALLERS],
    /// Nobody is let in until then, or until a place is free.
    closed: bool,
    open_at: Option<Instant>,
}

impl StatusSocket {
    /// None yet; never any without a socket.
    pub fn new(socket: Option<LocalSocket>) -> Self {
        StatusSocket { socket, places: [const { None }; MAX_CALLERS], closed: false, open_at: None }
    }

    /// When [`Supervisor::end_late_callers`] will have something to do.
    pub fn next_event(&self) -> Option<Instant> {
        self.places.iter().flatten().map(|caller| caller.until).chain(self.open_at).min()
    }
}

impl StatusCaller {
    fn new(connection: Caller, now: Instant) -> Self {
        StatusCaller { connection, until: now + PATIENCE, question: Vec::new(), answer: None, sent: 0 }
    }

    fn go_on(&mut self) -> CallerStep {
        let Some(answer) = &self.answer else { return self.listen() };
        while self.sent < answer.len() {
            match self.connection.write(&answer[self.sent..]) {
                Ok(0) => return CallerStep::Wait(Interest::Room),
                Ok(sent) => self.sent += sent,
                Err(_) => break,
            }
        }
        CallerStep::Done
    }

    fn listen(&mut self) -> CallerStep {
        // One byte more than may be tells that there is more.
        let mut buffer = [0; MAX_QUESTION + 1];
        let room = MAX_QUESTION + 1 - self.question.len();
        match self.connection.read(&mut buffer[..room]) {
            Ok(None) => return CallerStep::Wait(Interest::Messages),
            Ok(Some(0)) | Err(_) => return CallerStep::Done,
            Ok(Some(length)) => self.question.extend_from_slice(&buffer[..length]),
        }
        if let Some(end) = self.question.iter().position(|byte| *byte == b'\n') {
            self.question.truncate(end);
            return CallerStep::Asked(std::mem::take(&mut self.question));
        }
        if self.question.len() > MAX_QUESTION {
            CallerStep::Done
        } else {
            CallerStep::Wait(Interest::Messages)
        }
    }
}

impl Supervisor {
    /// Lets callers in, as many as have places.
    pub(super) fn admit_callers(&mut self, now: Instant) {
        while let Some(place) = self.status_socket.places.iter().position(Option::is_none) {
            let Some(socket) = &self.status_socket.socket else { return };
            match socket.admit() {
                Ok(Some(connection)) => {
                    match self.events.add(&connection, EventSource::StatusCaller(place)) {
                        Ok(()) => {
                            self.status_socket.places[place] = Some(StatusCaller::new(connection, now));
                        }
                        Err(errno) => privsep::lines::caller_lost(errno.desc()).log(),
                    }
                }
                // Perhaps there was one that may not call. If more wait, that is an event again.
                Ok(None) => return,
                Err(_) => {
                    self.status_socket.open_at = Some(now + PAUSE);
                    break;
                }
            }
        }
        self.watch_socket(true);
    }

    /// No event while nobody can be let in: it would come again and again.
    fn watch_socket(&mut self, closed: bool) {
        let Some(socket) = &self.status_socket.socket else { return };
        if self.status_socket.closed != closed {
            if closed {
                self.events.remove(socket);
            } else if self.events.add(socket, EventSource::StatusSocket).is_err() {
                return;
            }
            self.status_socket.closed = closed;
        }
    }

    /// Something has happened at a caller.
    pub(super) fn hear_caller(&mut self, now: Instant, place: usize) {
        let Some(caller) = self.status_socket.places.get_mut(place).and_then(Option::as_mut) else { return };
        let mut next = caller.go_on();
        if let CallerStep::Asked(question) = next {
            let answer = self.answer_caller(now, &question);
            let Some(caller) = self.status_socket.places.get_mut(place).and_then(Option::as_mut) else {
                return;
            };
            caller.answer = Some(answer);
            next = caller.go_on();
        }
        let Some(caller) = self.status_socket.places.get(place).and_then(Option::as_ref) else { return };
        match next {
            CallerStep::Wait(interest) => {
                let _ = self.events.change(&caller.connection, EventSource::StatusCaller(place), interest);
            }
            CallerStep::Asked(_) | CallerStep::Done => self.end_caller(place),
        }
    }

    fn end_caller(&mut self, place: usize) {
        self.status_socket.places[place] = None;
        if self.status_socket.open_at.is_none() {
            self.watch_socket(false);
        }
    }

    /// Those that have had their time.
    pub(super) fn end_late_callers(&mut self, now: Instant) {
        for place in 0..MAX_CALLERS {
            if self.status_socket.places[place].as_ref().is_some_and(|caller| caller.until <= now) {
                self.end_caller(place);
            }
        }
        if self.status_socket.open_at.is_some_and(|time| time <= now) {
            self.status_socket.open_at = None;
            self.watch_socket(false);
        }
    }

    fn answer_caller(&mut self, now: Instant, question: &[u8]) -> Vec<u8> {
        let answer = match StatusRequest::parse(question) {
            Ok(StatusRequest::Status) => Ok(self.report(now)),
            Ok(StatusRequest::Revoke(name)) => Ok(self.revoke(now, name)),
            Ok(StatusRequest::Unblock(source)) => self.unblock(now, source),
            Err(why) => Err(why.to_string()),
        };
        match answer {
            Ok(text) => format!("ok\n{text}end\n"),
            Err(why) => format!("error {why}\n"),
        }
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn questions_are_taken_apart() {
        assert_eq!(StatusRequest::parse(b"status"), Ok(StatusRequest::Status));
        assert_eq!(StatusRequest::parse(b"revoke  a b "), Ok(StatusRequest::Revoke(b" a b ")));
        assert_eq!(StatusRequest::parse(b"unblock ::1/64"), Ok(StatusRequest::Unblock(b"::1/64")));
        let long = [b"revoke ".as_slice(), &[b'x'; MAX_TEXT]].concat();
        assert!(StatusRequest::parse(&long).is_ok() && long.len() <= MAX_QUESTION);
        let longer = [&long[..], b"x"].concat();
        for bad in [
            b"".as_slice(),
            b" ",
            b"status ",
            b"Status",
            b"revoke",
            b"revoke ",
            b"revoke a\0b",
            b"unblock",
            &longer,
        ] {
            assert!(StatusRequest::parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_question_or_an_error(bytes: Vec<u8>) {
            let _ = StatusRequest::parse(&bytes);
        }
    }
}
