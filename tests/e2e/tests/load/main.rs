//! The plugin under load, beneath a real OpenVPN server with real clients.
//!
//! One program, so that its tests, which mostly wait, wait side by side.

mod idle_workers;
mod process_limits;
mod stack;
mod storm;
