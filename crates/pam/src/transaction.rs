//! One login through a PAM stack.

use crate::calls::{Handle, PamCall, TextItem};
use crate::service_file::check_service_name;
use crate::{Conversation, PamError, StartError};
use std::any::Any;
use std::ffi::CStr;
use std::time::Duration;

/// A PAM transaction: started, used for one login, ended when dropped.
///
/// `pam_end` gets the result of the last call. Transactions of one process must not overlap in time unless all but
/// one of them are idle: PAM modules keep global state.
pub struct Transaction<C: Conversation + Send> {
    handle: Handle<C>,
}

impl<C: Conversation + Send> Transaction<C> {
    /// Starts a transaction (`pam_start`, or `pam_start_confdir` when `confdir` is given).
    ///
    /// `confdir` is where the service file is read from instead of the system's directories; libpam then also looks
    /// for `other` only there. Without `user` the modules ask the conversation for a name.
    ///
    /// # Errors
    /// [`StartError::ServiceName`] for names with a `/` (libpam would read a file outside its directories),
    /// [`StartError::ConfdirUnsupported`] when libpam is too old for `confdir`, else what libpam says.
    pub fn start(
        service: &CStr,
        user: Option<&CStr>,
        confdir: Option<&CStr>,
        conversation: C,
    ) -> Result<Self, StartError> {
        check_service_name(service)?;
        Ok(Transaction { handle: Handle::start(service, user, confdir, conversation)? })
    }

    /// Tells the modules where the user comes from (`PAM_RHOST`): a host name or an address in text form.
    ///
    /// # Errors
    /// Out of memory in libpam.
    pub fn set_rhost(&mut self, rhost: &CStr) -> Result<(), PamError> {
        self.handle.set_text(TextItem::RemoteHost, rhost)
    }

    /// Tells the modules who the user is on the other side (`PAM_RUSER`).
    ///
    /// # Errors
    /// Out of memory in libpam.
    pub fn set_ruser(&mut self, ruser: &CStr) -> Result<(), PamError> {
        self.handle.set_text(TextItem::RemoteUser, ruser)
    }

    /// Tells the modules which way the user comes in (`PAM_TTY`): a terminal, or the name of the service.
    ///
    /// # Errors
    /// Out of memory in libpam.
    pub fn set_tty(&mut self, tty: &CStr) -> Result<(), PamError> {
        self.handle.set_text(TextItem::Terminal, tty)
    }

    /// Puts `NAME=VALUE` into the environment of the transaction, which modules read and pam_exec hands on. It is not
    /// that of this process.
    ///
    /// # Errors
    /// A text without a name and a `=`; out of memory in libpam.
    pub fn put_env(&mut self, variable: &CStr) -> Result<(), PamError> {
        self.handle.put_env(variable)
    }

    /// Whether accounts that have no password are admitted. They are not, unless this is called with `true`: both phases
    /// get `PAM_DISALLOW_NULL_AUTHTOK`.
    pub fn allow_empty_passwords(&mut self, allowed: bool) {
        self.handle.allow_empty_passwords(allowed);
    }

    /// Has libpam not sleep after a failure (`PAM_FAIL_DELAY`): it is then up to the caller to wait for
    /// [`Transaction::delay`] before anybody learns of the failure.
    ///
    /// # Errors
    /// If libpam does not know how: it then sleeps by itself.
    pub fn note_delays(&mut self) -> Result<(), PamError> {
        self.handle.note_delays()
    }

    /// The longest delay that the modules have asked for in case of a failure, as libpam has varied it at random; zero
    /// if they asked for none, or without [`Transaction::note_delays`]. It counts also if a later phase fails: a quick
    /// refusal there would tell that the password was right.
    pub fn delay(&self) -> Duration {
        self.handle.pinned().delay()
    }

    /// Checks that the user is who they say they are (`pam_authenticate`).
    ///
    /// May block for as long as the modules like; a failing stack also waits for the delay they asked for.
    ///
    /// # Errors
    /// What the stack returned.
    pub fn authenticate(&mut self) -> Result<(), PamError> {
        self.handle.run(PamCall::Authenticate)
    }

    /// Checks that the account may be used now (`pam_acct_mgmt`). May block.
    ///
    /// # Errors
    /// What the stack returned.
    pub fn acct_mgmt(&mut self) -> Result<(), PamError> {
        self.handle.run(PamCall::AccountManagement)
    }

    /// Has the user choose what has expired anew (`pam_chauthtok` with `PAM_CHANGE_EXPIRED_AUTHTOK`): what to do after
    /// [`ReturnCode::NEW_AUTHTOK_REQD`](crate::ReturnCode::NEW_AUTHTOK_REQD). The modules ask the conversation. May block.
    ///
    /// # Errors
    /// What the stack returned; after [`ReturnCode::TRY_AGAIN`](crate::ReturnCode::TRY_AGAIN) and
    /// [`ReturnCode::AUTHTOK_ERR`](crate::ReturnCode::AUTHTOK_ERR) it may be called again.
    pub fn change_expired(&mut self) -> Result<(), PamError> {
        self.handle.run(PamCall::ChangeExpired)
    }

    /// Establishes the user's credentials (`pam_setcred` with `PAM_ESTABLISH_CRED`), before the session is opened. May block.
    ///
    /// # Errors
    /// What the stack returned.
    pub fn establish_credentials(&mut self) -> Result<(), PamError> {
        self.handle.run(PamCall::EstablishCredentials)
    }

    /// Opens the user's session (`pam_open_session`). May block.
    ///
    /// # Errors
    /// What the stack returned.
    pub fn open_session(&mut self) -> Result<(), PamError> {
        self.handle.run(PamCall::OpenSession)
    }

    /// Closes it (`pam_close_session`). May block.
    ///
    /// # Errors
    /// What the stack returned.
    pub fn close_session(&mut self) -> Result<(), PamError> {
        self.handle.run(PamCall::CloseSession)
    }

    /// Deletes the user's credentials (`pam_setcred` with `PAM_DELETE_CRED`), after the session is closed. May block.
    ///
    /// # Errors
    /// What the stack returned.
    pub fn delete_credentials(&mut self) -> Result<(), PamError> {
        self.handle.run(PamCall::DeleteCredentials)
    }

    /// The user as the transaction knows it now (`PAM_USER`): modules may set or replace the name while
    /// authenticating.
    pub fn user(&self) -> Option<&CStr> {
        self.handle.user()
    }

    /// The conversation, for instance to ask what it noted.
    pub fn conversation(&mut self) -> &mut C {
        self.handle.pinned_mut().conversation()
    }

    /// Whether the conversation panicked. The PAM call that was under way has failed (`PAM_CONV_ERR` reached the
    /// module), and the conversation is not called again in this transaction.
    pub fn panicked(&self) -> bool {
        self.handle.pinned().panicked()
    }

    /// The payload of a panic in the conversation, for `std::panic::resume_unwind` or for a log.
    pub fn take_panic(&mut self) -> Option<Box<dyn Any + Send>> {
        self.handle.pinned_mut().take_panic()
    }

    /// Ends the transaction (`pam_end`) and gives the conversation back.
    pub fn end(self) -> C {
        self.handle.end()
    }
}
