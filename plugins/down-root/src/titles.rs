//! What `ps` shows of the plugin's processes: command line and command name (15 bytes).

use std::ffi::CStr;

/// Waits, and starts the helper anew when it was killed.
pub const KEEPER: (&str, &CStr) = ("down-root: keeper", c"down-root-keep");
/// Runs scripts.
pub const HELPER: (&str, &CStr) = ("down-root: helper", c"down-root");
