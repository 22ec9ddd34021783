//! What workers report, and what each may report in its state. Anything else means that a module has written to the channel.

use std::time::Instant;

use privsep::{ChannelError, WireError};

use super::{MAX_AGE, MAX_SERVED, State, Told, Workers};
use crate::client_options::MAX_BYTES as MAX_OPTIONS;
use crate::protocol::attempt_origin::Origin;
use crate::protocol::question::MAX_QUESTIONS;
use crate::protocol::{Done, End, News, Report};
use crate::supervisor::attempt::Attempt;
use crate::supervisor::events::WorkerId;

/// Notes one transaction may have; an honest worker sends fewer.
pub(super) const MAX_NOTES: usize = 64;

/// What a worker had to say.
#[derive(Debug)]
pub enum Heard {
    /// It has started.
    Ready,
    /// Something for the log, about this attempt: its user, the text, where it comes from.
    Note(String, Vec<u8>, Origin),
    /// Its transaction waits for an answer.
    Asked(Box<Attempt>, Asks),
    /// Its transaction has ended.
    Ended(Box<Attempt>, End),
    /// The same, and the transaction is kept for a session.
    Kept(Box<Attempt>, End),
    /// Something for the log, about its session.
    SessionNote(Vec<u8>),
    /// Its session is open, or could not be opened.
    Opened(Done),
    /// The account of its session was looked at.
    Checked(End),
    /// Its session is closed.
    Closed(Done),
    /// A piece of a client's options, which is kept with what wanted them.
    Piece,
    /// A client's options are there, or why there are none.
    LookedUp(Box<Attempt>, Done),
    /// A module has changed this about its process, so it leaves.
    Changed(i32, Vec<u8>),
}

/// A question that has no id yet; as in [`News::Question`].
#[derive(Debug, PartialEq, Eq)]
pub struct Asks {
    pub echo: bool,
    pub page: bool,
    pub private: bool,
    pub text: Vec<u8>,
}

impl Workers {
    /// What a worker has to say; `None`: nothing more at the moment. An error means that the worker is gone or not to be
    /// trusted: see [`Workers::hung_up`].
    pub fn hear(&mut self, now: Instant, id: WorkerId) -> Result<Option<Heard>, ChannelError> {
        let unexpected =
            |value| ChannelError::Malformed(WireError::Unknown { field: "number of the transaction", value });
        let Some(worker) = self.table.get_mut(&id) else { return Ok(None) };
        let Some(channel) = &mut worker.channel else { return Ok(None) };
        let Some(received) = channel.try_receive()? else { return Ok(None) };
        let Report { nonce, news } = received.message;
        match (&mut worker.state, news) {
            (State::Starting, News::Ready) if nonce == 0 => {
                worker.state = State::Idle(now);
                worker.ready = true;
                Ok(Some(Heard::Ready))
            }
            (State::LookingAtItself { nonce: own, .. }, News::Ready) if nonce == *own => {
                worker.state = State::Idle(now);
                Ok(Some(Heard::Ready))
            }
            (State::LookingAtItself { nonce: own, .. }, News::Changed(what)) if nonce == *own => {
                self.dismiss(now, id);
                Ok(Some(Heard::Changed(self.pid(id), what)))
            }
            (State::Running { attempt, nonce: own, told }, News::Note(text)) if nonce == *own => {
                if told.notes >= MAX_NOTES {
                    return Err(ChannelError::TooMuch);
                }
                told.notes += 1;
                Ok(Some(Heard::Note(attempt.user(), text, attempt.origin.clone())))
            }
            (State::Running { attempt, nonce: own, told }, News::Question { echo, page, private, text })
                if nonce == *own && attempt.lookup.is_none() && attempt.proof().is_none() =>
            {
                if told.questions >= MAX_QUESTIONS {
                    return Err(ChannelError::TooMuch);
                }
                let told = Told { questions: told.questions + 1, ..*told };
                let waits = State::Suspended { nonce, told };
                let State::Running { attempt, .. } = std::mem::replace(&mut worker.state, waits) else {
                    return Err(unexpected(nonce));
                };
                Ok(Some(Heard::Asked(attempt, Asks { echo, page, private, text })))
            }
            (State::InSession { nonce: own, told }, News::Note(text)) if nonce == *own => {
                if told.notes >= MAX_NOTES {
                    return Err(ChannelError::TooMuch);
                }
                told.notes += 1;
                Ok(Some(Heard::SessionNote(text)))
            }
            (State::InSession { nonce: own, .. }, News::Opened(done)) if nonce == *own => {
                Ok(Some(Heard::Opened(done)))
            }
            (State::InSession { nonce: own, .. }, News::Checked(end)) if nonce == *own => {
                Ok(Some(Heard::Checked(end)))
            }
            (State::InSession { nonce: own, .. }, News::Closed(done)) if nonce == *own => {
                Ok(Some(Heard::Closed(done)))
            }
            (State::Running { attempt, nonce: own, .. }, News::Part(part)) if nonce == *own => {
                let Some(lookup) = &mut attempt.lookup else { return Err(unexpected(nonce)) };
                if lookup.text.len() + part.len() > MAX_OPTIONS {
                    return Err(ChannelError::TooMuch);
                }
                lookup.text.extend_from_slice(&part);
                Ok(Some(Heard::Piece))
            }
            (State::Running { attempt, nonce: own, .. }, News::LookedUp(done))
                if nonce == *own && attempt.lookup.is_some() =>
            {
                worker.served += 1;
                let looking = State::LookingAtItself { since: now, nonce, slow: false };
                let State::Running { attempt, .. } = std::mem::replace(&mut worker.state, looking) else {
                    return Err(unexpected(nonce));
                };
                Ok(Some(Heard::LookedUp(attempt, done)))
            }
            // Of a login only.
            (State::Running { attempt, .. }, News::End(_)) if attempt.lookup.is_some() => {
                Err(unexpected(nonce))
            }
            (State::Running { nonce: own, .. }, News::End(end)) if nonce == *own && end.kept => {
                // Only who is let in has a session, and notes of its own.
                if end.code != 0 {
                    return Err(unexpected(nonce));
                }
                let kept = State::InSession { nonce, told: Told::default() };
                let State::Running { attempt, .. } = std::mem::replace(&mut worker.state, kept) else {
                    return Err(unexpected(nonce));
                };
                Ok(Some(Heard::Kept(attempt, end)))
            }
            (State::Running { nonce: own, told, .. }, News::End(end)) if nonce == *own => {
                worker.served += 1;
                let has_asked = told.questions > 0;
                let looking = State::LookingAtItself { since: now, nonce, slow: false };
                let State::Running { attempt, .. } = std::mem::replace(&mut worker.state, looking) else {
                    return Err(unexpected(nonce));
                };
                let old =
                    worker.served >= MAX_SERVED || now.saturating_duration_since(worker.born) >= MAX_AGE;
                if old || has_asked {
                    self.dismiss(now, id);
                }
                Ok(Some(Heard::Ended(attempt, end)))
            }
            _ => Err(unexpected(nonce)),
        }
    }
}
