//! The plugin under a real OpenVPN server, with real clients and real PAM.
//!
//! One program, so that its tests, which mostly wait, wait side by side.

mod a_hundred_restarts;
mod audit;
mod bystander;
mod challenge;
mod confdir;
mod config_errors;
mod daemon;
mod descriptor_limit;
mod fork_limit;
mod hang;
mod helper_faults;
mod inherited;
mod jails;
mod login;
mod management;
mod module_faults;
mod one_door;
mod openvpn_killed;
mod options;
mod options_file;
mod reasons;
mod restart;
mod secrets;
mod signals;
mod stack;
mod start;
mod supervisor_lost;
mod time_limit;
mod two_plugins;
mod two_servers;
mod verb;
