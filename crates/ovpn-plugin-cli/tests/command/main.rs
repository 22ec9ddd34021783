//! The command `ovpn-plugin`, run as an administrator runs it.

mod doctor;
mod json;
mod pam;
mod plugins;
mod questions;
mod run;
mod terminal;
