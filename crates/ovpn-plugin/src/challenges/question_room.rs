//! Room for one more question: in the table, and among the files that OpenVPN may have open. Sources share both.

use std::time::{Duration, Instant};

use super::Challenges;
use super::binding::Binding;
use super::table::{Key, Open};
use crate::{AuthUserPassVerify, Decision, DeferError, Deferral, Rejection, Retry, lines, logging};

/// When a client is to come again for whom there was no room.
const BACKOFF: Duration = Duration::from_secs(15);

impl<T> Challenges<T> {
    /// Makes room for one more question; whether there is any.
    pub(super) fn make_room(&self, user: &Binding, now: Instant) -> bool {
        let room = self.table().make_room(user, now);
        if room.from_another_source {
            logging::say(lines::question_gives_way());
        }
        // What gives way is dropped here, where the table is not locked: what is kept with a question is the author's.
        room.is_there
    }

    pub(super) fn insert(&self, key: Key, open: Open<T>) {
        let before = self.table().insert(key, open);
        before.into_iter().for_each(Open::give_up);
    }

    /// Where undecided logins have too many files open, those give way that nobody can answer any more, or one of a source
    /// with more questions.
    pub(super) fn defer(
        &self,
        event: &AuthUserPassVerify<'_>,
        user: &Binding,
    ) -> Result<(Decision, Deferral), DeferError> {
        let error = match event.defer() {
            Err(error @ DeferError::TooManyFiles { .. }) => error,
            other => return other,
        };
        let over = self.table().take_over_or_gone(Instant::now());
        if over.is_empty() {
            let of_source = self.table().take_from_larger(user.source, |open| open.decision.is_some());
            let Some(gone) = of_source else { return Err(error) };
            logging::say(lines::question_gives_way());
            gone.give_up();
        }
        over.into_iter().for_each(Open::give_up);
        event.defer()
    }
}

pub(super) fn no_room() -> Rejection {
    logging::say(lines::too_many_questions());
    Rejection::temporary("the authentication service is busy", BACKOFF, Retry::SameServer)
}
