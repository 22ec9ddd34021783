//! Verdicts on their way to the front: some have to wait for their time, and some for room in the socket.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use nix::errno::Errno;
use privsep::ChannelError;
use privsep::kept_helper::News;

use super::attempt::Attempt;
use super::audit;
use super::events::Interest;
use super::penalties::FailedAttempt;
use super::{FrontChannel, SHORTAGE};
use crate::protocol::Reply;
use crate::protocol::time_taken::TimeTaken;
use crate::protocol::verdict::Verdict;

/// With so many verdicts that find no room, no more requests are read. An honest front reads verdicts at once.
const MAX_UNREAD: usize = 4096;

/// A decided attempt.
#[derive(Debug)]
pub struct DecidedAttempt {
    /// The attempt, without credentials.
    pub attempt: Attempt,
    /// What was decided.
    pub judged: Judged,
    /// How long that took.
    pub took: TimeTaken,
    /// What the audit line calls it.
    pub result: audit::AuditResult,
    /// There can be any number of these, so not each has lines of its own.
    pub costs_nothing: bool,
    /// What counts for the penalties of its source as soon as the client learns of it.
    pub failed: Option<FailedAttempt>,
}

impl DecidedAttempt {
    /// An answer that belongs to no question: nothing else is refused without PAM.
    fn answers_nothing(&self) -> bool {
        self.costs_nothing && self.judged.verdict == Verdict::Rejected
    }
}

/// What was decided of a transaction, and why.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What was decided.
    pub verdict: Verdict,
    /// What the person at the client may learn of it.
    pub told: Vec<u8>,
    /// Why, for log and audit line.
    pub reason: String,
    /// The name that PAM has checked, if it has let in another one than it was asked about; else empty.
    pub name: Vec<u8>,
    /// UnloggedLine after the reason: what modules have said. Its quotes are not escaped.
    pub said: String,
    /// UnloggedLine after the reason: the name PAM has checked, if it is another one; whose transaction it was, if it has joined it.
    pub checked: String,
}

/// Those that the front does not know yet.
#[derive(Debug, Default)]
pub struct HeldVerdicts {
    /// By time, and in the order of arrival: a front that was taken over may give two attempts the same number.
    held: BTreeMap<(Instant, u64), DecidedAttempt>,
    last: u64,
    answers: usize,
    outbox: VecDeque<Reply>,
}

impl HeldVerdicts {
    /// Keeps a verdict until its time. The time of a refusal must not tell what PAM thought of it.
    pub fn hold(&mut self, until: Instant, mut decided: DecidedAttempt) {
        decided.attempt.shrink();
        self.last += 1;
        self.answers += usize::from(decided.answers_nothing());
        self.held.insert((until, self.last), decided);
    }

    /// How many wait for their time.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// How many of them are answers that belong to no question.
    pub fn answers(&self) -> usize {
        self.answers
    }

    /// The next one whose time has come.
    pub fn next_due(&mut self, now: Instant) -> Option<DecidedAttempt> {
        let entry = self.held.first_entry().filter(|entry| entry.key().0 <= now)?;
        let decided = entry.remove();
        self.answers -= usize::from(decided.answers_nothing());
        Some(decided)
    }

    /// When [`HeldVerdicts::next_due`] will have something to give.
    pub fn next_event(&self) -> Option<Instant> {
        self.held.first_key_value().map(|((until, _), _)| *until)
    }

    /// Sends a verdict, or keeps it until there is room.
    ///
    /// # Errors
    /// Those of the channel: the front is gone.
    pub fn send(&mut self, front: &mut FrontChannel, reply: Reply) -> Result<(), ChannelError> {
        self.outbox.push_back(reply);
        self.flush(front)
    }

    /// Sends what there is room for.
    ///
    /// # Errors
    /// As [`HeldVerdicts::send`].
    pub fn flush(&mut self, front: &mut FrontChannel) -> Result<(), ChannelError> {
        while let Some(reply) = self.outbox.front() {
            match front.try_send(&News::Message(reply.clone()), &[]) {
                Ok(()) => drop(self.outbox.pop_front()),
                Err(ChannelError::System(Errno::EAGAIN)) => return Ok(()),
                Err(ChannelError::System(_)) => {
                    // Out of memory, most likely, with room in the socket: no event tells when that is over.
                    std::thread::sleep(SHORTAGE);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether the front does not read its verdicts.
    pub fn are_unread(&self) -> bool {
        self.outbox.len() >= MAX_UNREAD
    }

    /// What is to be waited for at the front's channel.
    pub fn interest(&self) -> Interest {
        match self.outbox.len() {
            0 => Interest::Messages,
            count if count < MAX_UNREAD => Interest::MessagesAndRoom,
            _ => Interest::Room,
        }
    }
}
