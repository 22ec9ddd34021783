//! What `ps` shows of the plugin's processes: the name in the command line, and the command name (15 bytes).

use std::ffi::CStr;

/// Waits, and starts the helper anew when it was killed.
pub const KEEPER: (&str, &CStr) = ("keeper", c"down-root-keep");
/// Runs scripts.
pub const HELPER: (&str, &CStr) = ("helper", c"down-root");
