//! What workers report, and what each may report in its state. Anything else means that a module has written to the channel.

use std::time::Instant;

use privsep::{ChannelError, WireError};

use super::{MAX_AGE, MAX_SERVED, ReportCounts, WorkerState, Workers};
use crate::client_options::MAX_BYTES as MAX_OPTIONS;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::question::MAX_QUESTIONS;
use crate::protocol::{Report, StepResult, TransactionEnd, WorkerNews};
use crate::supervisor::attempt::Attempt;
use crate::supervisor::events::WorkerId;

/// Notes one transaction may have; an honest worker sends fewer.
pub(super) const MAX_NOTES: usize = 64;

/// What a worker had to say.
#[derive(Debug)]
pub enum HeardFromWorker {
    /// It has started.
    Ready,
    /// Something for the log, about this attempt: its user, the text, where it comes from.
    Note(String, Vec<u8>, AttemptOrigin),
    /// Its transaction waits for an answer.
    Asked(Box<Attempt>, NewQuestion),
    /// Its transaction has ended.
    Ended(Box<Attempt>, TransactionEnd),
    /// The same, and the transaction is kept for a session.
    Kept(Box<Attempt>, TransactionEnd),
    /// Something for the log, about its session.
    SessionNote(Vec<u8>),
    /// Its session is open, or could not be opened.
    Opened(StepResult),
    /// The account of its session was looked at.
    Checked(TransactionEnd),
    /// Its session is closed.
    Closed(StepResult),
    /// A piece of a client's options, which is kept with what wanted them.
    OptionsPart,
    /// A client's options are there, or why there are none.
    OptionsDone(Box<Attempt>, StepResult),
    /// A module has changed this about its process, so it leaves.
    Changed(i32, Vec<u8>),
}

/// A question that has no id yet; as in [`WorkerNews::Question`].
#[derive(Debug, PartialEq, Eq)]
pub struct NewQuestion {
    pub echo: bool,
    pub page: bool,
    pub private: bool,
    pub text: Vec<u8>,
}

impl Workers {
    /// What a worker has to say; `None`: nothing more at the moment. An error means that the worker is gone or not to be
    /// trusted: see [`Workers::hung_up`].
    pub fn hear(&mut self, now: Instant, id: WorkerId) -> Result<Option<HeardFromWorker>, ChannelError> {
        let unexpected =
            |value| ChannelError::Malformed(WireError::Unknown { field: "number of the transaction", value });
        let Some(worker) = self.table.get_mut(&id) else { return Ok(None) };
        let Some(channel) = &mut worker.channel else { return Ok(None) };
        let Some(received) = channel.try_receive()? else { return Ok(None) };
        let Report { nonce, news } = received.message;
        match (&mut worker.state, news) {
            (WorkerState::Starting, WorkerNews::Ready) if nonce == 0 => {
                worker.state = WorkerState::Idle(now);
                worker.ready = true;
                Ok(Some(HeardFromWorker::Ready))
            }
            (WorkerState::LookingAtItself { nonce: own, .. }, WorkerNews::Ready) if nonce == *own => {
                worker.state = WorkerState::Idle(now);
                Ok(Some(HeardFromWorker::Ready))
            }
            (WorkerState::LookingAtItself { nonce: own, .. }, WorkerNews::Changed(what)) if nonce == *own => {
                self.dismiss(now, id);
                Ok(Some(HeardFromWorker::Changed(self.pid(id), what)))
            }
            (WorkerState::Running { attempt, nonce: own, counts }, WorkerNews::Note(text))
                if nonce == *own =>
            {
                if counts.notes >= MAX_NOTES {
                    return Err(ChannelError::TooMuch);
                }
                counts.notes += 1;
                Ok(Some(HeardFromWorker::Note(attempt.user(), text, attempt.origin.clone())))
            }
            (
                WorkerState::Running { attempt, nonce: own, counts },
                WorkerNews::Question { echo, page, private, text },
            ) if nonce == *own && attempt.options.is_none() && attempt.proof().is_none() => {
                if counts.questions >= MAX_QUESTIONS {
                    return Err(ChannelError::TooMuch);
                }
                let counts = ReportCounts { questions: counts.questions + 1, ..*counts };
                let waits = WorkerState::Suspended { nonce, counts };
                let WorkerState::Running { attempt, .. } = std::mem::replace(&mut worker.state, waits) else {
                    return Err(unexpected(nonce));
                };
                Ok(Some(HeardFromWorker::Asked(attempt, NewQuestion { echo, page, private, text })))
            }
            (WorkerState::InSession { nonce: own, counts }, WorkerNews::Note(text)) if nonce == *own => {
                if counts.notes >= MAX_NOTES {
                    return Err(ChannelError::TooMuch);
                }
                counts.notes += 1;
                Ok(Some(HeardFromWorker::SessionNote(text)))
            }
            (WorkerState::InSession { nonce: own, .. }, WorkerNews::Opened(done)) if nonce == *own => {
                Ok(Some(HeardFromWorker::Opened(done)))
            }
            (WorkerState::InSession { nonce: own, .. }, WorkerNews::Checked(end)) if nonce == *own => {
                Ok(Some(HeardFromWorker::Checked(end)))
            }
            (WorkerState::InSession { nonce: own, .. }, WorkerNews::Closed(done)) if nonce == *own => {
                Ok(Some(HeardFromWorker::Closed(done)))
            }
            (WorkerState::Running { attempt, nonce: own, .. }, WorkerNews::OptionsPart(part))
                if nonce == *own =>
            {
                let Some(options) = &mut attempt.options else { return Err(unexpected(nonce)) };
                if options.text.len() + part.len() > MAX_OPTIONS {
                    return Err(ChannelError::TooMuch);
                }
                options.text.extend_from_slice(&part);
                Ok(Some(HeardFromWorker::OptionsPart))
            }
            (WorkerState::Running { attempt, nonce: own, .. }, WorkerNews::OptionsDone(done))
                if nonce == *own && attempt.options.is_some() =>
            {
                worker.served += 1;
                let looking = WorkerState::LookingAtItself { since: now, nonce, slow: false };
                let WorkerState::Running { attempt, .. } = std::mem::replace(&mut worker.state, looking)
                else {
                    return Err(unexpected(nonce));
                };
                Ok(Some(HeardFromWorker::OptionsDone(attempt, done)))
            }
            // Of a login only.
            (WorkerState::Running { attempt, .. }, WorkerNews::End(_)) if attempt.options.is_some() => {
                Err(unexpected(nonce))
            }
            (WorkerState::Running { nonce: own, .. }, WorkerNews::End(end)) if nonce == *own && end.kept => {
                // Only a client that is let in has a session, and the session notes of its own.
                if end.code != 0 {
                    return Err(unexpected(nonce));
                }
                let kept = WorkerState::InSession { nonce, counts: ReportCounts::default() };
                let WorkerState::Running { attempt, .. } = std::mem::replace(&mut worker.state, kept) else {
                    return Err(unexpected(nonce));
                };
                Ok(Some(HeardFromWorker::Kept(attempt, end)))
            }
            (WorkerState::Running { nonce: own, counts, .. }, WorkerNews::End(end)) if nonce == *own => {
                worker.served += 1;
                let has_asked = counts.questions > 0;
                let looking = WorkerState::LookingAtItself { since: now, nonce, slow: false };
                let WorkerState::Running { attempt, .. } = std::mem::replace(&mut worker.state, looking)
                else {
                    return Err(unexpected(nonce));
                };
                let old =
                    worker.served >= MAX_SERVED || now.saturating_duration_since(worker.born) >= MAX_AGE;
                if old || has_asked {
                    self.dismiss(now, id);
                }
                Ok(Some(HeardFromWorker::Ended(attempt, end)))
            }
            _ => Err(unexpected(nonce)),
        }
    }
}
