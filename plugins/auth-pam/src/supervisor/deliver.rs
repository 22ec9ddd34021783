//! What the front learns, when its time has come, and what both logs say of it.

use std::time::Instant;

use super::events::{EventSource, Interest};
use super::held_verdicts::{DecidedAttempt, Judged};
use super::{Exit, Supervisor, audit};
use crate::protocol::Reply;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::time_taken::TimeTaken;
use crate::protocol::verdict::Verdict;
use crate::quoted::escaped;

impl Supervisor {
    /// Delivers the verdicts whose time has come: the verdict first, then its lines.
    pub(super) fn deliver_due(&mut self, now: Instant) -> Result<(), Exit> {
        while let Some(decided) = self.verdicts.next_due(now) {
            let Judged { verdict, told, name, .. } = decided.judged.clone();
            let id = decided.attempt.id;
            if !name.is_empty() {
                self.tell_front(Reply::Named { id, name });
            }
            let reply = Reply::Verdict { id, verdict, told };
            let before = self.verdicts.interest();
            self.verdicts.send(&mut self.front, reply).map_err(|_| Exit::FrontGone)?;
            self.watch_front(before);
            if !decided.costs_nothing || self.line_limit.admits(now) {
                self.write_lines(&decided);
            }
            if let Some(failed) = decided.failed {
                self.count_failure(now, failed);
            }
        }
        Ok(())
    }

    /// The line of an attempt in the log, and the one in the system log.
    fn write_lines(&mut self, decided: &DecidedAttempt) {
        let DecidedAttempt { attempt, judged, took, result, .. } = decided;
        let Judged { verdict, reason, said, checked, .. } = judged;
        let checked = &format!("{}{checked}", attempt.sent_otherwise());
        let accepted = matches!(verdict, Verdict::Accepted { .. });
        // OpenVPN logs what a direct answer leads to at once; with deferred ones in play, it is not that clear when.
        if !accepted || attempt.deferred || !checked.is_empty() {
            let (user, tail) = (attempt.user(), self.line_tail_with_time(&attempt.origin, *took));
            if accepted {
                lines::attempts::authenticated(&user, checked, &tail).log();
            } else if matches!(verdict, Verdict::Asked(_)) {
                // Not a failure, so the line must not look like one to a log watcher.
                lines::attempts::noted(&user, reason, &tail).log();
            } else {
                // Last, so that no words of a module pass for something else.
                let said = escaped(said.as_bytes());
                lines::attempts::failed_in_background(&user, reason, checked, &said, &tail).log();
            }
        }
        if let Some(audit) = &mut self.audit {
            let reason = format!("{reason}{checked}{said}");
            audit.write(audit::Entry {
                result: *result,
                user: &attempt.username,
                origin: &attempt.origin,
                reason: reason.as_bytes(),
                took: *took,
            });
        }
    }

    /// The end of a line of the log about an attempt.
    pub(super) fn line_tail(&self, origin: &AttemptOrigin) -> String {
        origin.line_tail(self.settings.config_name.as_deref())
    }

    /// The same of a verdict, with what it took.
    pub(super) fn line_tail_with_time(&self, origin: &AttemptOrigin, took: TimeTaken) -> String {
        origin.line_tail_with_time(self.settings.config_name.as_deref(), Some(took))
    }

    /// Says in both logs how many attempts have no lines of their own.
    pub(super) fn tell_suppressed(&mut self, count: Option<u64>) {
        let Some(count) = count else { return };
        let line = lines::attempts::not_shown(count).unlogged();
        line.log();
        if let Some(audit) = &mut self.audit {
            audit.write_suppressed(&line);
        }
    }

    pub(super) fn flush(&mut self) -> Result<(), Exit> {
        let before = self.verdicts.interest();
        self.verdicts.flush(&mut self.front).map_err(|_| Exit::FrontGone)?;
        self.watch_front(before);
        Ok(())
    }

    /// An OpenVPN that does not read its verdicts is not read from either: they would fill the memory.
    pub(super) fn watch_front(&self, before: Interest) {
        let interest = self.verdicts.interest();
        if before != interest {
            let _ = self.events.change(&self.front, EventSource::Front, interest);
        }
    }

    /// Answers a request of the front that is no attempt.
    pub(super) fn answer_front(&mut self, id: u64, verdict: Verdict) {
        self.tell_front(Reply::Verdict { id, verdict, told: Vec::new() });
    }

    /// Tells the front something.
    pub(super) fn tell_front(&mut self, reply: Reply) {
        let before = self.verdicts.interest();
        // That the front is gone is noticed elsewhere.
        let _ = self.verdicts.send(&mut self.front, reply);
        self.watch_front(before);
    }
}
