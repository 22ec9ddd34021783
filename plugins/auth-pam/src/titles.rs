//! What `ps` shows of the plugin's processes: command line and command name (15 bytes).

use std::ffi::CStr;

/// Waits, and starts the supervisor anew when it was killed.
pub const KEEPER: (&str, &CStr) = ("auth-pam: keeper", c"auth-pam-keeper");
/// Hands attempts to workers.
pub const SUPERVISOR: (&str, &CStr) = ("auth-pam: supervisor", c"auth-pam-super");
/// Runs PAM.
pub const WORKER: (&str, &CStr) = ("auth-pam: worker", c"auth-pam-worker");
