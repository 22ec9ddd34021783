//! The supervisor is gone: nobody decides its attempts any more.

use std::collections::BTreeMap;

use privsep::ChannelError;

use crate::quoted::shown;

use super::{Attempt, Attempts, Decided};

impl Attempts {
    /// The supervisor that had these attempts is gone. Nobody decides them any more, so all are rejected at once.
    pub(super) fn reject_all(&mut self) {
        let is_decided = |attempt: &Attempt| matches!(attempt, Attempt::Awaited(_, Some(_)));
        let (decided, pending) =
            std::mem::take(&mut self.table).into_iter().partition(|(_, attempt)| is_decided(attempt));
        self.table = decided;
        let pending: BTreeMap<u64, Attempt> = pending;
        (self.deferred, self.answered_later) = (0, 0);
        self.kept.clear();
        self.connecting.clear();
        let open = std::mem::take(&mut self.sessions).len();
        if open > 0 {
            self.after_unlock.lines.push(lines::attempts::sessions_forgotten(open).unlogged());
        }
        let mut connecting = Vec::new();
        let pending = pending.into_values().filter_map(|attempt| match attempt {
            Attempt::Connecting(decision, details) => {
                connecting.push((decision, details));
                None
            }
            Attempt::Deferred(decision, details) | Attempt::Asked(decision, details, _) => {
                Some((decision, details))
            }
            Attempt::Awaited(..) => None,
        });
        // Nobody can answer these any more.
        for (decision, details) in pending.chain(self.held_questions.take_all()) {
            let (user, why) = (shown(&details.username), lines::refusals::supervisor_gone());
            self.after_unlock.lines.push(lines::attempts::failed(&user, why, &details.tail).unlogged());
            self.after_unlock.decided.push((decision, Decided::rejected(), details));
        }
        for (decision, details) in connecting {
            let user = shown(&details.username);
            let why = lines::refusals::supervisor_gone();
            self.after_unlock.lines.push(lines::clients::refused(&user, why, &details.tail).unlogged());
            self.after_unlock.connecting.push((decision, None));
        }
    }

    /// Supervisor and keeper are gone.
    pub fn lose_supervisor(&mut self, error: &ChannelError) {
        let Some(supervisor) = self.supervisor.take() else { return };
        if !matches!(error, ChannelError::Closed) {
            self.after_unlock.lines.push(lines::processes::unheard(error).unlogged());
        }
        self.reject_all();
        self.after_unlock.lost = Some(supervisor);
    }
}
