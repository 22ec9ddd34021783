//! What `ps` shows of the plugin's processes: the name in the command line, and the command name (15 bytes).

use std::ffi::CStr;

/// Waits, and starts the supervisor anew when it was killed.
pub const KEEPER: (&str, &CStr) = ("keeper", c"auth-pam-keeper");
/// Hands attempts to workers.
pub const SUPERVISOR: (&str, &CStr) = ("supervisor", c"auth-pam-super");
/// Writes metrics to a file.
pub const METRICS: (&str, &CStr) = ("metrics", c"auth-pam-metric");
/// Runs PAM.
pub const WORKER: (&str, &CStr) = ("worker", c"auth-pam-worker");
