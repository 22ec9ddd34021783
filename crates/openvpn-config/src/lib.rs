//! OpenVPN's configuration file, read as OpenVPN reads it, and what follows from it.
//!
//! * [`mod@reader`]: the options of a file and of those it includes, one after the other, each with its place;
//! * [`OpenvpnConfig`]: the few of them that decide whether logins can work;
//! * [`mod@tmp_dir`]: whether OpenVPN can make its files there.

pub mod lines;
pub mod reader;
mod settings;
pub mod tmp_dir;
mod verdict_window;

pub use reader::{LineFault, Place, Seen, Stopped, Unread, read};
pub use settings::{OpenvpnConfig, Tokens};
pub use verdict_window::window;
