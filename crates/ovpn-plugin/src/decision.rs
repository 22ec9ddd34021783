//! A login to be decided later, from any thread: the answer reaches OpenVPN whatever happens to the plugin's code.

use std::fs::File;
use std::io;

use crate::verdict_file::{open, open_for, put};
use crate::{AuthUserPassVerify, ClientCrResponse, DeferError, Env, PeerInfo, Rejection, logging};

/// A login that is still to be decided; made with [`AuthUserPassVerify::defer`] or [`ClientCrResponse::decide`].
///
/// Both files are open from the start, so it works after `chroot` and after OpenVPN gave up its privileges. Dropping
/// it, also by a panic, rejects the login. It may go to another thread:
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
/// OpenVPN looks for the answer when the client asks again, so not before about a second, and then ever less often. A process forked meanwhile shares the files: it
/// must leave with `_exit`, or its copies reject.
#[derive(Debug)]
#[must_use = "dropping it rejects the login"]
pub struct Decision {
    control: Option<File>,
    reason: Option<File>,
    takes_temporary: bool,
}

impl AuthUserPassVerify<'_> {
    /// Takes the decision of this login away from the call, to be answered with
    /// [`AuthReply::Deferred`](crate::AuthReply::Deferred) or [`AuthReply::Pending`](crate::AuthReply::Pending).
    ///
    /// # Errors
    /// If OpenVPN named no control file or it cannot be opened, or if this was done before in the same call. A reason file that is missing (before OpenVPN 2.6) or
    /// cannot be opened is none: the reason is not told then.
    pub fn defer(&self) -> Result<Decision, DeferError> {
        let control = open_for(self.auth_control_file(), "auth_control_file")?;
        self.take()?;
        Ok(Decision::new(
            control,
            self.auth_failed_reason_file().and_then(|path| open(path).ok()),
            self.env(),
        ))
    }
}

impl ClientCrResponse<'_> {
    /// The decision of the login this answer belongs to, for plugins that replied
    /// [`AuthReply::Pending`](crate::AuthReply::Pending) without [`AuthUserPassVerify::defer`].
    ///
    /// # Errors
    /// As [`AuthUserPassVerify::defer`].
    pub fn decide(&self) -> Result<Decision, DeferError> {
        let control = open_for(self.auth_control_file(), "auth_control_file")?;
        self.take()?;
        Ok(Decision::new(
            control,
            self.auth_failed_reason_file().and_then(|path| open(path).ok()),
            self.env(),
        ))
    }
}

impl Decision {
    fn new(control: File, reason: Option<File>, env: Env<'_>) -> Self {
        Self { control: Some(control), reason, takes_temporary: PeerInfo::new(env).takes_temporary() }
    }

    /// Lets the client in.
    ///
    /// # Errors
    /// If the verdict cannot be written; OpenVPN then refuses the login when its own time is over.
    pub fn accept(mut self) -> io::Result<()> {
        self.answer(b"1")
    }

    /// Rejects the login without telling the client why.
    ///
    /// # Errors
    /// As [`Decision::accept`].
    pub fn reject(mut self) -> io::Result<()> {
        self.answer(b"0")
    }

    /// Rejects the login and tells the client why (OpenVPN 2.6 and later).
    ///
    /// # Errors
    /// As [`Decision::accept`]. A reason that cannot be written is logged and left out.
    pub fn reject_with(mut self, rejection: &Rejection) -> io::Result<()> {
        if let Some(file) = &self.reason {
            // Before the verdict: OpenVPN reads it as soon as it sees that.
            if let Err(error) = put(file, rejection.text(self.takes_temporary).as_bytes()) {
                logging::warn(format_args!("the reason of a rejection is lost: {error}"));
            }
        }
        self.answer(b"0")
    }

    fn answer(&mut self, verdict: &[u8]) -> io::Result<()> {
        self.control.take().map_or(Ok(()), |file| put(&file, verdict))
    }
}

impl Drop for Decision {
    fn drop(&mut self) {
        if self.control.is_none() {
            return;
        }
        if let Err(error) = self.answer(b"0") {
            logging::error(format_args!("the rejection of a login cannot be written: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Retry;
    use crate::testing::LoginFiles;

    fn deferred(files: &LoginFiles) -> Decision {
        files.call().env("IV_PROTO", "990").event::<AuthUserPassVerify<'_>>().defer().unwrap()
    }

    #[test]
    fn each_answer_is_one_byte() {
        let files = LoginFiles::new().unwrap();
        let decision = deferred(&files);
        assert_eq!(files.verdict(), None);
        decision.accept().unwrap();
        assert_eq!(files.verdict(), Some(true));
        deferred(&files).reject().unwrap();
        assert_eq!(files.verdict(), Some(false));
        assert_eq!(files.reason(), "");
    }

    #[test]
    fn a_call_gives_one_decision() {
        let files = LoginFiles::new().unwrap();
        let call = files.call();
        let event: AuthUserPassVerify<'_> = call.event();
        let decision = event.defer().unwrap();
        assert_eq!(event.defer().unwrap_err().to_string(), "cannot defer: the decision was taken before");
        assert_eq!(files.verdict(), None);
        decision.accept().unwrap();
        assert_eq!(files.verdict(), Some(true));
    }

    #[test]
    fn dropping_and_panicking_reject() {
        let files = LoginFiles::new().unwrap();
        drop(deferred(&files));
        assert_eq!(files.verdict(), Some(false));
        let files = LoginFiles::new().unwrap();
        let decision = deferred(&files);
        let thread = std::thread::spawn(move || {
            let _decision = decision;
            panic!("told to");
        });
        assert!(thread.join().is_err());
        assert_eq!(files.verdict(), Some(false));
    }

    #[test]
    fn the_reason_is_there_with_the_verdict() {
        let files = LoginFiles::new().unwrap();
        let busy = Rejection::temporary("busy", Duration::from_secs(5), Retry::SameServer);
        deferred(&files).reject_with(&busy).unwrap();
        assert_eq!(files.verdict(), Some(false));
        assert_eq!(files.reason(), "TEMP[backoff 5,advance no]: busy");
    }

    #[test]
    fn works_without_the_paths() {
        let files = LoginFiles::new().unwrap();
        let decision = deferred(&files);
        let kept = std::fs::File::open(files.control_file()).unwrap();
        // As after a chroot: the names are gone, the files are not.
        std::fs::remove_file(files.control_file()).unwrap();
        decision.accept().unwrap();
        assert_eq!(std::io::read_to_string(kept).unwrap(), "1");
        assert!(!files.control_file().exists(), "it was made again");
    }

    #[test]
    fn what_cannot_be_deferred_says_why() {
        let call = crate::testing::CallData::new();
        let error = call.event::<AuthUserPassVerify<'_>>().defer().unwrap_err();
        assert_eq!(error.to_string(), "cannot defer: OpenVPN named no file in auth_control_file");
        let call = crate::testing::CallData::new().env("auth_control_file", "/nonexistent/acf");
        let error = call.event::<AuthUserPassVerify<'_>>().defer().unwrap_err();
        assert!(error.to_string().starts_with("cannot defer: /nonexistent/acf: No such file"), "{error}");
    }
}
