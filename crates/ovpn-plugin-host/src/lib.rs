//! Loads an OpenVPN plugin, ours or one in C, and drives it the way OpenVPN does: open, clients, events, close.
//!
//! For tests: structs of an older version end at a page without access, the log is caught (that of forked children
//! too), and a login has its files made and its verdict waited for.
//!
//! ```no_run
//! use std::time::Duration;
//! use ovpn_plugin_host::{Login, Plugin};
//!
//! let plugin = Plugin::new("/usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so").arg("login").open()?;
//! let outcome = plugin.login(&Login::new("joe", "secret"), Duration::from_secs(5))?;
//! println!("{outcome}");
//! for line in plugin.log_lines() {
//!     println!("{line}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Unlike OpenVPN's, the log function may be called by any thread of the plugin; the variable `ovpn_plugin_host_log` in
//! the environment of open, `thread-safe`, says so.
//!
//! A plugin that uses functions of libcrypto without naming that library loads as in OpenVPN, which is linked with it.
//!
//! A plugin that faults takes the process with it, as it does with OpenVPN. Plugins that fork, as C ones with a helper
//! process do, are to be driven from a process with a single thread, as OpenVPN is: a test of its own with
//! `harness = false`. In a child forked among threads, locks of the C library can stay held for ever.

pub mod base64;
mod call;
mod cdylib;
mod certificate;
mod elf;
mod ffi;
mod life;
mod life_variables;
mod log;
mod login;
mod open_plugin;
mod openvpn_program;
mod plugin;
mod question;
mod watch;

pub use call::{Call, CallFailed, FuncResult, Reply};
pub use cdylib::{CdylibError, build_cdylib};
pub use ffi::{fork_alone, load, process};
pub use life::{Life, Step};
pub use log::{LogFollower, LogLine, NoSuchLine};
pub use login::{AuthFiles, Login, LoginOutcome, RunningLogin, Verdict};
pub use open_plugin::{Client, Closed, OpenPlugin};
pub use openvpn_program::libraries_of_openvpn;
pub use ovpn_plugin_sys as sys;
pub use ovpn_plugin_sys::event_name;
pub use plugin::{Exports, OpenFailed, Plugin};
pub use question::{DynamicChallenge, Question};
