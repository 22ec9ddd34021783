//! The command `ovpn-plugin`, run as an administrator runs it.

mod author_commands;
mod certify;
mod completions;
mod concurrency;
mod doctor;
mod json;
mod pam;
mod plugins;
mod questions;
mod run;
mod running_server;
mod terminal;
mod watch;
