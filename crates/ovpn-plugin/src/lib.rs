//! The SDK for OpenVPN 2.x plugins: a trait, typed events, the environment, replies and the log.
//!
//! A plugin is a type that implements [`Plugin`] and one call of [`export!`], in a crate of type `cdylib` built with
//! `panic = "unwind"`. No unsafe code and no C types are needed.
//!
//! ```
//! use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Result};
//!
//! struct OneUser {
//!     name: Vec<u8>,
//! }
//!
//! #[ovpn_plugin::plugin]
//! impl Plugin for OneUser {
//!     const NAME: &'static str = "ONE-USER";
//!
//!     fn open(args: &OpenArgs<'_>) -> Result<Self> {
//!         let [name] = args.text_args()?[..] else { return Err("wanted: plugin FILE USERNAME".into()) };
//!         Ok(Self { name: name.as_bytes().to_vec() })
//!     }
//!
//!     fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
//!         Ok(if event.username() == Some(&self.name) { AuthReply::Accept } else { AuthReply::Reject })
//!     }
//! }
//!
//! ovpn_plugin::export!(OneUser);
//! # fn main() {}
//! ```
//!
//! A login or a connecting client can be decided later: [`AuthUserPassVerify::defer`] and [`ClientConnect::defer`] give
//! a value that goes to any thread and rejects when it is dropped. A [`Pool`] runs jobs such as logins in a few threads,
//! [`Tasks`] are threads of any kind that end with the plugin, `AsyncTasks` (feature `tokio`) runs futures that do.
//! [`Credentials`] are a login's username and password as a value
//! to take along, [`Challenges`] ask for a second factor. [`ClientState`] is state for each client, [`testing`] runs a plugin inside a test. A tutorial, a directory to copy
//! and an example for each event are beside the sources: `TUTORIAL.md`, `template`, `plugins/examples`. [`event_table`]
//! is what a plugin sees of a server and of a client, in order.
//!
//! # Threads
//!
//! OpenVPN calls a plugin in one thread and none of its own functions is made for another one. What a plugin can do
//! from any thread all the same:
//!
//! - *Log*: lines of threads reach the log without entering OpenVPN; see [`logging`].
//! - *Decide*: a [`Decision`] or [`ConnectDecision`] writes files, and OpenVPN reads them.
//! - *Base64 and wiping memory*: [`base64`] and [`wipe()`] are this crate's own. OpenVPN offers functions for both, which
//!   the SDK never calls.
//! - *Lists that OpenVPN frees* (the configuration in a reply) are made from `malloc` in the call that returns them. The
//!   C library's heap is for all threads.
//! - *Certificates* and the words and variables of an event belong to the call: OpenVPN stands still meanwhile, so that
//!   threads which end within the call may read them. An `X509` of the crate `openssl` that was cloned may outlive it:
//!   its count of references is for all threads, and OpenVPN does not change a certificate it has verified.
//!
//! Works with hosts of struct versions 1 to 5 (OpenVPN 2.4 to 2.7) and later ones that only add to them. A panic in
//! the plugin never reaches OpenVPN: it becomes a failure and one line in the log.

mod answer;
#[cfg(feature = "tokio")]
mod async_tasks;
pub mod base64;
mod boundary;
mod challenges;
mod client_config;
mod connect_decision;
mod credentials;
mod decision;
mod deferral;
mod dispatch;
mod door;
mod env;
mod error;
mod escape;
mod event_set;
mod events;
mod export;
mod guard;
mod host;
#[doc(hidden)]
pub mod lines;
pub mod logging;
mod open;
mod pending;
mod plugin;
mod pool;
mod progress;
mod rejection;
mod replies;
mod secrets;
mod subject;
mod tasks;
pub mod testing;
mod undecided;
mod verdict_file;
mod workers;

#[doc = include_str!("../EVENTS.md")]
pub mod event_table {}

#[cfg(feature = "tokio")]
pub use async_tasks::AsyncTasks;
pub use boundary::{Words, command};
pub use challenges::wire::{AnswerError, Challenge, ChallengeResponse, StaticChallenge};
pub use challenges::{Answered, AskError, Asked, Challenges, Login, NotAsked, Verdict, Way};
pub use client_config::{ClientConfig, ConfigError};
pub use connect_decision::ConnectDecision;
pub use credentials::{Credentials, CredentialsError};
pub use decision::Decision;
pub use deferral::Deferral;
pub use env::{Env, EnvIter};
pub use error::{MissingEvents, Result};
pub use escape::{Escaped, escape};
pub use event_set::EventSet;
pub use events::all::*;
pub use events::{
    Address, Certificate, CertificateInfo, DnsServer, Interface, PeerInfo, PoolAddresses, Route, RouteIpv6,
};
pub use host::{Connection, InitPoint, SslApi, Version};
pub use logging::log_errno;
pub use open::OpenArgs;
pub use ovpn_plugin_macros::plugin;
pub use pending::{Pending, PendingError};
pub use plugin::{ClientState, Plugin};
pub use pool::{Job, Pool, Refused};
pub use rejection::{ChallengeError, Rejection, Retry};
pub use replies::*;
pub use secrets::{same_secret, wipe};
pub use tasks::{Stop, Stopped, Tasks};
pub use verdict_file::DeferError;
pub use workers::Workers;

/// What [`export!`] expands to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::boundary::{Symbols, WithoutClients, abort, check_name, client_destructor, close, open};
    pub use ovpn_plugin_sys::PLUGIN_VERSION;
}
