//! The return codes of Linux-PAM as a type, so that a number from libpam is never mistaken for something else.

use libpam_sys as sys;
use std::fmt;

/// A return code of libpam. Codes this crate has no name for are kept as they came.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReturnCode(i32);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $value:ident;)+) => {
        impl ReturnCode {
            $($(#[$doc])* pub const $name: ReturnCode = ReturnCode(sys::$value);)+

            /// The name PAM's header gives the code (`"PAM_AUTH_ERR"`), if it has one.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $(sys::$value => Some(stringify!($value)),)+
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// The call succeeded.
    SUCCESS = PAM_SUCCESS;
    /// A module could not be loaded.
    OPEN_ERR = PAM_OPEN_ERR;
    /// A module lacks a function.
    SYMBOL_ERR = PAM_SYMBOL_ERR;
    /// An error inside a module.
    SERVICE_ERR = PAM_SERVICE_ERR;
    /// An error of the operating system.
    SYSTEM_ERR = PAM_SYSTEM_ERR;
    /// Out of memory.
    BUF_ERR = PAM_BUF_ERR;
    /// Not allowed: also what the account phase says when access is not permitted at this time or place.
    PERM_DENIED = PAM_PERM_DENIED;
    /// The user is not who they claim to be.
    AUTH_ERR = PAM_AUTH_ERR;
    /// The application may not look at the credentials.
    CRED_INSUFFICIENT = PAM_CRED_INSUFFICIENT;
    /// The source of authentication data cannot be reached (a directory server that is down).
    AUTHINFO_UNAVAIL = PAM_AUTHINFO_UNAVAIL;
    /// No module knows the user.
    USER_UNKNOWN = PAM_USER_UNKNOWN;
    /// Too many attempts.
    MAXTRIES = PAM_MAXTRIES;
    /// The password must be changed before the account can be used.
    NEW_AUTHTOK_REQD = PAM_NEW_AUTHTOK_REQD;
    /// The account has expired.
    ACCT_EXPIRED = PAM_ACCT_EXPIRED;
    /// A session could not be opened or closed.
    SESSION_ERR = PAM_SESSION_ERR;
    /// The user's credentials cannot be retrieved.
    CRED_UNAVAIL = PAM_CRED_UNAVAIL;
    /// The user's credentials have expired.
    CRED_EXPIRED = PAM_CRED_EXPIRED;
    /// The user's credentials could not be set.
    CRED_ERR = PAM_CRED_ERR;
    /// A module has no data under the name asked for.
    NO_MODULE_DATA = PAM_NO_MODULE_DATA;
    /// The conversation failed.
    CONV_ERR = PAM_CONV_ERR;
    /// The password could not be changed.
    AUTHTOK_ERR = PAM_AUTHTOK_ERR;
    /// The old password could not be obtained.
    AUTHTOK_RECOVERY_ERR = PAM_AUTHTOK_RECOVERY_ERR;
    /// The password database is locked.
    AUTHTOK_LOCK_BUSY = PAM_AUTHTOK_LOCK_BUSY;
    /// Password ageing is switched off.
    AUTHTOK_DISABLE_AGING = PAM_AUTHTOK_DISABLE_AGING;
    /// The preliminary check of a password change failed.
    TRY_AGAIN = PAM_TRY_AGAIN;
    /// A module asks to be left out.
    IGNORE = PAM_IGNORE;
    /// Something is wrong enough to stop at once; also a service without any configuration.
    ABORT = PAM_ABORT;
    /// The password has expired.
    AUTHTOK_EXPIRED = PAM_AUTHTOK_EXPIRED;
    /// A module is not known.
    MODULE_UNKNOWN = PAM_MODULE_UNKNOWN;
    /// An item that does not exist, or may not be touched, was passed.
    BAD_ITEM = PAM_BAD_ITEM;
    /// The conversation waits for an event.
    CONV_AGAIN = PAM_CONV_AGAIN;
    /// The call must be made again to complete.
    INCOMPLETE = PAM_INCOMPLETE;
}

impl ReturnCode {
    /// Takes a number as libpam returned it.
    pub const fn from_raw(code: i32) -> Self {
        ReturnCode(code)
    }

    /// The number as libpam returned it.
    pub const fn raw(self) -> i32 {
        self.0
    }
}

impl fmt::Debug for ReturnCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "PAM code {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_print_by_their_header_name_and_unknown_ones_by_number() {
        assert_eq!(format!("{:?}", ReturnCode::AUTH_ERR), "PAM_AUTH_ERR");
        assert_eq!(format!("{:?}", ReturnCode::from_raw(4711)), "PAM code 4711");
        assert_eq!(ReturnCode::from_raw(4711).name(), None);
        assert_eq!(ReturnCode::from_raw(7), ReturnCode::AUTH_ERR);
    }
}
