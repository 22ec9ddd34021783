//! The command `ovpn-plugin`, run as an administrator runs it.

mod doctor;
mod pam;
mod plugins;
mod questions;
mod run;
mod terminal;
