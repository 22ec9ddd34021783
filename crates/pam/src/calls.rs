//! Calls into libpam. [`Handle`] owns a `pam_handle` together with the conversation libpam holds a pointer to, so
//! that one never outlives the other; everything above this module is safe code.
#![allow(unsafe_code)]

use crate::callback::PinnedConversation;
use crate::{Conversation, PamError, ReturnCode, StartError};
use libpam_sys::{self as sys, pam_conv, pam_handle};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem;
use std::ptr::{self, NonNull};

/// The phases of a login.
#[derive(Clone, Copy)]
pub(crate) enum PamCall {
    Authenticate,
    AccountManagement,
    ChangeExpired,
    EstablishCredentials,
    OpenSession,
    CloseSession,
    DeleteCredentials,
}

/// Items of a transaction that are text.
#[derive(Clone, Copy)]
pub(crate) enum TextItem {
    RemoteHost,
    RemoteUser,
    Terminal,
}

/// An open PAM handle with its conversation. Field order matters: the handle ends before the pinned conversation goes.
pub(crate) struct Handle<C> {
    raw: RawHandle,
    pinned: PinnedConversation<C>,
}

struct RawHandle {
    handle: NonNull<pam_handle>,
    /// Result of the last call, which `pam_end` passes on to the modules' cleanup functions.
    status: c_int,
    /// Accounts without a password are admitted.
    empty_passwords: bool,
}

impl<C: Conversation + Send> Handle<C> {
    pub(crate) fn start(
        service: &CStr,
        user: Option<&CStr>,
        confdir: Option<&CStr>,
        conversation: C,
    ) -> Result<Self, StartError> {
        let pinned = PinnedConversation::new(conversation);
        let user = user.map_or(ptr::null(), CStr::as_ptr);
        let mut handle = ptr::null_mut();
        let status = match confdir {
            None => {
                // SAFETY: the strings are NUL-terminated (or null, allowed for the user); the conversation lives in
                // `pinned`, which the Handle keeps until after pam_end; `handle` is a valid place for the result.
                unsafe { sys::pam_start(service.as_ptr(), user, pinned.c_conversation(), &mut handle) }
            }
            Some(confdir) => {
                let start = lookup_start_confdir().ok_or(StartError::ConfdirUnsupported)?;
                let (service, confdir) = (service.as_ptr(), confdir.as_ptr());
                // SAFETY: as above, and `start` is libpam's pam_start_confdir.
                unsafe { start(service, user, pinned.c_conversation(), confdir, &mut handle) }
            }
        };
        match (status, NonNull::new(handle)) {
            (sys::PAM_SUCCESS, Some(handle)) => {
                Ok(Handle { raw: RawHandle { handle, status, empty_passwords: false }, pinned })
            }
            (sys::PAM_SUCCESS, None) => Err(StartError::Pam(describe(sys::PAM_ABORT))),
            (code, _) => Err(StartError::Pam(describe(code))),
        }
    }

    /// Whether accounts without a password are admitted.
    pub(crate) fn allow_empty_passwords(&mut self, allowed: bool) {
        self.raw.empty_passwords = allowed;
    }

    /// Runs a phase of the stack.
    pub(crate) fn run(&mut self, phase: PamCall) -> Result<(), PamError> {
        let handle = self.raw.handle.as_ptr();
        let null = if self.raw.empty_passwords { 0 } else { sys::PAM_DISALLOW_NULL_AUTHTOK };
        let (call, flags): (unsafe extern "C" fn(*mut pam_handle, c_int) -> c_int, _) = match phase {
            PamCall::Authenticate => (sys::pam_authenticate, null),
            PamCall::AccountManagement => (sys::pam_acct_mgmt, null),
            PamCall::ChangeExpired => (sys::pam_chauthtok, sys::PAM_CHANGE_EXPIRED_AUTHTOK),
            PamCall::EstablishCredentials => (sys::pam_setcred, sys::PAM_ESTABLISH_CRED),
            PamCall::OpenSession => (sys::pam_open_session, 0),
            PamCall::CloseSession => (sys::pam_close_session, 0),
            PamCall::DeleteCredentials => (sys::pam_setcred, sys::PAM_DELETE_CRED),
        };
        // SAFETY: the handle is open until RawHandle is dropped; the conversation it refers to is in `self.pinned`.
        self.raw.status = self.pinned.open_during(|| unsafe { call(handle, flags) });
        check(self.raw.status)
    }

    pub(crate) fn set_text(&mut self, item: TextItem, text: &CStr) -> Result<(), PamError> {
        let handle = self.raw.handle.as_ptr();
        let item = match item {
            TextItem::RemoteHost => sys::PAM_RHOST,
            TextItem::RemoteUser => sys::PAM_RUSER,
            TextItem::Terminal => sys::PAM_TTY,
        };
        // SAFETY: the handle is open, these items take a NUL-terminated string, and libpam copies it.
        self.raw.status = unsafe { sys::pam_set_item(handle, item, text.as_ptr().cast()) };
        check(self.raw.status)
    }

    pub(crate) fn put_env(&mut self, variable: &CStr) -> Result<(), PamError> {
        // SAFETY: the handle is open, the string is NUL-terminated, and libpam copies it.
        self.raw.status = unsafe { sys::pam_putenv(self.raw.handle.as_ptr(), variable.as_ptr()) };
        check(self.raw.status)
    }

    pub(crate) fn note_delays(&mut self) -> Result<(), PamError> {
        let function = PinnedConversation::<C>::note_delay() as *const c_void;
        // SAFETY: the handle is open; PAM_FAIL_DELAY takes a function of this type, which libpam calls with the
        // conversation's pointer.
        let status = unsafe { sys::pam_set_item(self.raw.handle.as_ptr(), sys::PAM_FAIL_DELAY, function) };
        check(status)
    }

    pub(crate) fn user(&self) -> Option<&CStr> {
        let mut item: *const c_void = ptr::null();
        // SAFETY: the handle is open and `item` a valid place for the result.
        let status = unsafe { sys::pam_get_item(self.raw.handle.as_ptr(), sys::PAM_USER, &mut item) };
        if status != sys::PAM_SUCCESS || item.is_null() {
            return None;
        }
        // SAFETY: PAM_USER is a NUL-terminated string owned by the handle. It changes only in calls that take
        // `&mut self` (a module running) or end the handle, which the borrow of `self` rules out meanwhile.
        Some(unsafe { CStr::from_ptr(item.cast::<c_char>()) })
    }

    pub(crate) fn pinned(&self) -> &PinnedConversation<C> {
        &self.pinned
    }

    pub(crate) fn pinned_mut(&mut self) -> &mut PinnedConversation<C> {
        &mut self.pinned
    }

    pub(crate) fn end(self) -> C {
        let Handle { raw, pinned } = self;
        drop(raw);
        pinned.into_conversation()
    }
}

impl Drop for RawHandle {
    fn drop(&mut self) {
        // SAFETY: the handle came from pam_start and is ended only here. Modules' cleanup functions that try to
        // converse find the conversation closed. A failure leaves nothing to be done.
        unsafe { sys::pam_end(self.handle.as_ptr(), self.status) };
    }
}

fn check(status: c_int) -> Result<(), PamError> {
    if status == sys::PAM_SUCCESS { Ok(()) } else { Err(describe(status)) }
}

/// libpam's text for a code. It needs no handle for that.
fn describe(code: c_int) -> PamError {
    // SAFETY: Linux-PAM ignores the handle, a null one included.
    let text = unsafe { sys::pam_strerror(ptr::null(), code) };
    let text = if text.is_null() {
        format!("PAM code {code}")
    } else {
        // SAFETY: not null, and pam_strerror returns static (possibly translated) NUL-terminated text.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    };
    PamError { code: ReturnCode::from_raw(code), text }
}

type StartConfdir = unsafe extern "C" fn(
    service: *const c_char,
    user: *const c_char,
    conversation: *mut pam_conv,
    confdir: *const c_char,
    handle: *mut *mut pam_handle,
) -> c_int;

/// Whether this libpam can read service files from a directory of the caller's choice (Linux-PAM 1.4.0 or later).
pub fn confdir_supported() -> bool {
    lookup_start_confdir().is_some()
}

/// Found at run time, so that a program with this crate in it also loads where libpam lacks the function.
fn lookup_start_confdir() -> Option<StartConfdir> {
    // SAFETY: dlsym takes any NUL-terminated name; RTLD_DEFAULT searches what this object is linked with.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"pam_start_confdir".as_ptr()) };
    if symbol.is_null() {
        return None;
    }
    // SAFETY: a symbol of this name is libpam's function, whose declaration StartConfdir repeats.
    Some(unsafe { mem::transmute::<*mut c_void, StartConfdir>(symbol) })
}
