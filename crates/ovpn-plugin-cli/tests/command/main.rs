//! The command `ovpn-plugin`, run as an administrator runs it.

mod at_once;
mod certify;
mod completions;
mod develop;
mod doctor;
mod json;
mod pam;
mod plugins;
mod questions;
mod run;
mod running;
mod terminal;
mod watch;
