//! Loads an OpenVPN plugin, in Rust or in C, and drives it as OpenVPN does: open, clients, events, close.
//!
//! [`Plugin`] opens a plugin. [`OpenPlugin::login`] plays a client: it makes OpenVPN's files for the login and waits for
//! the verdict. [`OpenPlugin::client`] passes single events, [`Life`] those of a whole server.
//!
//! Tests also get the plugin's log, that of its forked children included. A plugin that reads beyond the struct version
//! it was given faults: the structs end at a page without access.
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
//! # How it differs from OpenVPN
//!
//! Any thread of the plugin may call the log function. The environment of open says so: `ovpn_plugin_host_log` is
//! `thread-safe`.
//!
//! # What to know
//!
//! * A plugin that faults ends the process, as it ends OpenVPN.
//! * Drive a plugin that forks from a process with one thread, as OpenVPN is: in a test of its own with
//!   `harness = false`. In a child forked among threads, locks of the C library can stay held for ever.
//! * A plugin may use functions of libcrypto without naming that library. It loads, because OpenVPN is linked with
//!   libcrypto.

pub mod base64;
mod call;
mod cdylib;
mod certificate;
mod elf;
mod ffi;
mod file_watch;
mod life_variables;
mod log;
mod login;
mod open_plugin;
mod openvpn_program;
mod plugin;
mod question;
mod server_life;

pub use call::{Call, CallFailed, FuncResult, Reply};
pub use cdylib::{CdylibError, build_cdylib};
pub use ffi::{fork_alone, load, process};
pub use log::{LogFollower, LogLine, NoSuchLine};
pub use login::{AuthFiles, Login, LoginOutcome, RunningLogin, Verdict};
pub use open_plugin::{Client, Closed, OpenPlugin};
pub use openvpn_program::libraries_of_openvpn;
pub use ovpn_plugin_sys as sys;
pub use ovpn_plugin_sys::event_name;
pub use plugin::{Exports, OpenFailed, Plugin};
pub use question::{DynamicChallenge, Question};
pub use server_life::{Life, Step};
