//! down-root under a real OpenVPN.

mod config_errors;
mod daemon;
mod down;
mod events;
mod everywhere;
mod faults;
mod management;
mod output;
mod own_scripts;
mod restart;
mod scripts;
mod secrets;
mod shared_object;
mod storm;
mod stuck_log;
