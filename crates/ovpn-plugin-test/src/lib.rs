//! A real OpenVPN server and clients for the tests of a plugin, all of it gone when the test ends.
//!
//! ```no_run
//! use ovpn_plugin_test::{Mark, ServerConfig, cdylib};
//!
//! let server = ServerConfig::new().plugin(&cdylib!(), &["please"]).start();
//! server.client("joe", "please").connect();
//! let joe = server.person("joe", "now").start();
//! assert_eq!(joe.refused(), "that is not the word");
//! server.wait_for(Mark::START, "a login is rejected");
//! ```
//!
//! [`Server::hang_up`] restarts the server as SIGHUP does: the plugin is closed and opened again.
//!
//! A [person](Server::person) at a client is asked what the plugin asks, and answers.
//!
//! # What it needs
//!
//! * `cargo`, for [`cdylib!`].
//! * The programs `openvpn`, `openssl`, `ip` and `nsenter`: on Debian the packages openvpn, openssl, iproute2 and util-linux.
//! * The device `/dev/net/tun`, which the user who runs the tests may open.
//! * Root, or else user namespaces that users may make (and `unshare`). Then the tests run as that user, who is root inside
//!   such a namespace; a server that gives root up ([`ServerConfig::dropped`]) needs root itself.
//!
//! [`requirements`] looks at these. If one is missing, a test fails and says which: it never passes because it did not run.
//!
//! # What it does to the machine
//!
//! Servers and clients run in network namespaces of their own: no packet leaves those, and many tests run at the same time. Files
//! are below the directory for temporary files. Every wait has a limit, [`PATIENCE`]. What a test process left behind that was
//! killed is removed by the next one.
//!
//! What fails, panics with what to do about it, and then shows the logs of servers and clients.

#[doc(hidden)]
pub mod child_process;
mod client;
#[doc(hidden)]
pub mod command;
#[doc(hidden)]
pub mod dev_log;
pub mod log;
#[doc(hidden)]
pub mod management;
pub mod netns;
mod person;
mod pinger;
#[doc(hidden)]
pub mod pki;
#[doc(hidden)]
pub mod proc_table;
mod question;
mod quoting;
mod requirements;
#[doc(hidden)]
pub mod scratch;
mod server;
mod server_config;
#[doc(hidden)]
pub mod shared_value;
mod user_namespace;

pub use client::{Client, ClientConfig, Outcome, Place};
pub use log::{Line, Log, Mark};
pub use netns::NetNs;
/// What [`Server::signal`] and [`Client::signal`] send: the type of the crate `nix`.
pub use nix::sys::signal::Signal;
pub use ovpn_plugin_host::{CdylibError, build_cdylib, cdylib};
pub use person::{Person, PersonConfig};
pub use pinger::{PingReport, Pinger};
pub use question::{Question, QuestionKind};
pub use requirements::{Missing, requirements};
pub use scratch::Scratch;
pub use server::{FailedStart, READY, Server, TUNNEL_ADDRESS};
pub use server_config::{Chroot, Daemon, ServerConfig};

use std::time::Duration;

/// How long anything may take before a test gives up on it; generous, for a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
