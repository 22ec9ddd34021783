//! A real OpenVPN server and clients, PAM services and accounts for tests, all removed again on drop.
//!
//! Everything runs on loopback or inside network namespaces that the test makes itself; no packet leaves those.
//! Every wait is bounded. What a killed test process left behind is swept away by the next one (see [`scratch`]).

pub mod account;
pub mod command;
pub mod deferring_plugin;
pub mod generated;
pub mod isolation;
pub mod machine;
pub mod man_markup;
pub mod man_options;
pub mod man_page;
pub mod needs;
pub mod on_terminal;
pub mod open_files;
pub mod option_reference;
pub mod pam_module;
pub mod pam_service;
pub mod pids_cgroup;
pub mod plugin;
pub mod process_memory;
pub mod radius;
pub mod scratch;
pub mod server;
pub mod server_config;
pub mod side_by_side;
pub mod start_log;

pub use account::Account;
pub use deferring_plugin::DeferringPlugin;
pub use machine::Machine;
pub use pam_module::{Gate, TestModule};
pub use pam_service::{EtcPamService, PamDir, PamService};
pub use server::Server;
pub use server_config::ServerConfig;
pub use side_by_side::side_by_side;

// What plugin authors have too.
pub use ovpn_plugin_test::{
    Chroot, Client, ClientConfig, Daemon, Outcome, PATIENCE, Person, PersonConfig, PingReport, Pinger,
    child_process, dev_log, log, management, netns, pki, proc_table,
};

/// Clients.
pub mod client {
    pub use ovpn_plugin_test::Client;
}

/// What clients are asked.
pub mod question {
    pub use ovpn_plugin_test::{Question, QuestionKind};
}
