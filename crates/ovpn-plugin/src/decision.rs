//! A login to be decided later, from any thread: the answer reaches OpenVPN whatever happens to the plugin's code.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::closing::was_forgotten;
use crate::deferred_verdict::{DeferredVerdict, VerdictFiles};
use crate::open_decisions::OpenDecision;
use crate::verdict_file::{has_name, open, open_empty, put_reason, put_verdict};
use crate::{AuthUserPassVerify, DeferError, Deferral, Env, PeerInfo, Rejection, lines, logging};

/// A login that is still to be decided; made with [`AuthUserPassVerify::defer`].
///
/// It takes effect once the event was replied to with [`AuthReply::Deferred`](crate::AuthReply::Deferred) or
/// [`AuthReply::Pending`](crate::AuthReply::Pending). An answer given before that is kept until then. After any other
/// reply it is void: OpenVPN makes one control file for all plugins, and what a plugin writes without deferring could
/// decide for another one. The event is rejected then, and the log says why.
///
/// Both files are open from the start, so it works after `chroot` and after OpenVPN gave up its privileges. Dropping
/// it, also by a panic, rejects the login; if OpenVPN still wants to know, the log says that it was dropped undecided. It may
/// go to another thread:
///
/// ```
/// fn needs_send<T: Send>() {}
/// needs_send::<ovpn_plugin::Decision>();
/// ```
///
/// It is answered once; a second answer does not compile:
///
/// ```compile_fail,E0382
/// fn twice(decision: ovpn_plugin::Decision) {
///     let _ = decision.accept();
///     let _ = decision.reject();
/// }
/// ```
///
/// OpenVPN polls for the answer when the client retries: after about one second, then at growing intervals. A process
/// forked meanwhile shares the files: it must leave with `_exit`, or its copies reject.
#[derive(Debug)]
#[must_use = "dropping it rejects the login"]
pub struct Decision {
    verdict: Option<DeferredVerdict<Login>>,
}

/// The files of a login.
struct Login {
    _open: OpenDecision,
    control: File,
    /// If it could not be opened, a reason is lost.
    reason: Option<io::Result<File>>,
    takes_temporary: bool,
}

/// What goes into them.
enum Verdict {
    Accept,
    Reject,
    RejectWith(Rejection),
    /// A rejection, since the decision was dropped.
    Forgotten,
}

impl AuthUserPassVerify<'_> {
    /// Takes the decision of this login away from the call. What comes with it goes into the reply,
    /// [`AuthReply::Deferred`](crate::AuthReply::Deferred) or [`AuthReply::Pending`](crate::AuthReply::Pending).
    ///
    /// ```
    /// # use ovpn_plugin::{AuthReply, AuthUserPassVerify, Decision, Result};
    /// # use std::sync::mpsc::Sender;
    /// fn later(event: &AuthUserPassVerify<'_>, waiting: &Sender<Decision>) -> Result<AuthReply> {
    ///     let (decision, deferral) = event.defer()?;
    ///     waiting.send(decision)?;
    ///     Ok(AuthReply::Deferred(deferral))
    /// }
    /// ```
    ///
    /// # Errors
    /// If OpenVPN named no control file or it cannot be opened or holds something already, or if this was done before
    /// in the same call. A reason file that is missing (before OpenVPN 2.6) or cannot be opened is none: the reason
    /// does not reach the client then.
    pub fn defer(&self) -> Result<(Decision, Deferral), DeferError> {
        let (verdict, deferral) = self.taken.take(self.context.is_call, || {
            Login::open(self.auth_control_file(), self.auth_failed_reason_file(), self.env())
        })?;
        Ok((Decision { verdict: Some(verdict) }, deferral))
    }

    /// Whether [`AuthUserPassVerify::defer`] would work, for a plugin that answers directly if it can. Takes nothing.
    ///
    /// # Errors
    /// As [`AuthUserPassVerify::defer`]. If the control file holds something already, another plugin or an earlier
    /// answer decides through it: reject the login.
    pub fn can_defer(&self) -> Result<(), DeferError> {
        open_empty(self.auth_control_file(), "auth_control_file").map(drop)
    }
}

impl Decision {
    /// Lets the client in.
    ///
    /// # Errors
    /// If the verdict cannot be written; OpenVPN then refuses the login when its own time is over.
    pub fn accept(mut self) -> io::Result<()> {
        self.settle(Verdict::Accept)
    }

    /// Rejects the login without telling the client why.
    ///
    /// # Errors
    /// As [`Decision::accept`].
    pub fn reject(mut self) -> io::Result<()> {
        self.settle(Verdict::Reject)
    }

    /// Rejects the login and tells the client why (OpenVPN 2.6 and later).
    ///
    /// # Errors
    /// As [`Decision::accept`]. A reason that cannot be written is logged and left out.
    pub fn reject_with(mut self, rejection: &Rejection) -> io::Result<()> {
        self.settle(Verdict::RejectWith(rejection.clone()))
    }

    /// Whether OpenVPN still wants to know: `false` once it has removed the control file, because the client is gone
    /// or its time is over, and `false` if the decision is void. `true` where that cannot be known.
    ///
    /// Ask before starting work that takes long.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.verdict.as_ref().is_some_and(DeferredVerdict::is_wanted)
    }

    /// Rejects where that is no mistake of the plugin's.
    pub(crate) fn give_up(mut self) {
        self.end(Verdict::Reject);
    }

    fn end(&mut self, verdict: Verdict) {
        if let Some(deferred) = self.verdict.take() {
            deferred.give_or(verdict, |error| logging::say(lines::rejection_unwritable(error)));
        }
    }

    fn settle(&mut self, verdict: Verdict) -> io::Result<()> {
        self.verdict.take().map_or(Ok(()), |deferred| deferred.give(verdict))
    }
}

impl Drop for Decision {
    fn drop(&mut self) {
        self.end(if was_forgotten() { Verdict::Forgotten } else { Verdict::Reject });
    }
}

impl Login {
    fn open(control: Option<&Path>, reason: Option<&Path>, env: Env<'_>) -> Result<Self, DeferError> {
        Ok(Self {
            _open: OpenDecision::begin()?,
            control: open_empty(control, "auth_control_file")?,
            reason: reason.map(open),
            takes_temporary: PeerInfo::new(env).takes_temporary(),
        })
    }
}

impl VerdictFiles for Login {
    type Verdict = Verdict;

    fn wait(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn settle(&mut self, verdict: Verdict) -> io::Result<()> {
        let byte = match verdict {
            Verdict::Accept => b'1',
            Verdict::Reject => b'0',
            Verdict::Forgotten => {
                if self.is_wanted() {
                    logging::say(lines::login_forgotten());
                }
                b'0'
            }
            Verdict::RejectWith(rejection) => {
                // Before the verdict: OpenVPN reads it as soon as it sees that.
                match self.reason.as_ref() {
                    Some(Ok(file)) => {
                        if let Err(error) = put_reason(file, rejection.text(self.takes_temporary)) {
                            logging::say(lines::reason_lost(error));
                        }
                    }
                    Some(Err(error)) => logging::say(lines::reason_lost(error)),
                    None => {}
                }
                b'0'
            }
        };
        if !put_verdict(&self.control, b"", byte)? {
            logging::say(lines::control_file_used());
        }
        Ok(())
    }

    fn is_wanted(&self) -> bool {
        has_name(&self.control)
    }
}

#[cfg(test)]
#[path = "decision_tests.rs"]
mod tests;
