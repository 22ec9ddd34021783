//! A real OpenVPN server and clients, PAM services and accounts for tests, all removed again on drop.
//!
//! Everything runs on loopback or inside network namespaces that the test makes itself; no packet leaves those.
//! Every wait is bounded. What a killed test process left behind is swept away by the next one (see [`scratch`]).

pub mod account;
pub mod client;
pub mod command;
pub mod deferring_plugin;
pub mod dev_log;
pub mod generated;
pub mod log;
pub mod machine;
pub mod man_markup;
pub mod man_page;
pub mod management;
pub mod memory;
pub mod module;
pub mod netns;
pub mod open_files;
pub mod option_reference;
pub mod pam_service;
pub mod person;
pub mod pids_cgroup;
pub mod pinger;
pub mod pki;
pub mod plugin;
pub mod proc_table;
pub mod question;
pub mod radius;
pub mod running;
pub mod scratch;
pub mod server;
pub mod server_config;
mod shared;
pub mod side_by_side;
pub mod start_log;

pub use account::Account;
pub use client::{Client, ClientConfig, Outcome};
pub use deferring_plugin::DeferringPlugin;
pub use machine::Machine;
pub use module::{Gate, TestModule};
pub use pam_service::{EtcPamService, PamDir, PamService};
pub use person::{Person, PersonConfig};
pub use pinger::{PingReport, Pinger};
pub use server::Server;
pub use server_config::{Chroot, Daemon, ServerConfig};
pub use side_by_side::side_by_side;

use std::time::Duration;

/// How long anything may take before a test gives up on it; generous, for a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
