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
//! It works with OpenVPN 2.4 to 2.7 (struct versions 1 to 5), and with later versions that only add to these.
//!
//! # What do you want to do?
//!
//! | task | look at | example |
//! |---|---|---|
//! | *begin* | `TUTORIAL.md`, `cargo ovpn-plugin new`; [`Plugin`], [`export!`], [`OpenArgs`] | `simple` |
//! | see which event comes when | [`event_table`] | `log-events` |
//! | **Logins** | | |
//! | judge a username and a password | [`AuthUserPassVerify`], [`Credentials`], [`same_secret`] | `simple` |
//! | tell the client why, or to come again | [`Rejection`] | `http-auth` |
//! | ask a backend that takes time | [`AuthUserPassVerify::answer_in`], [`Pool`]; [`guide::threads`] | `deferred-auth` |
//! | ask many at the same time | `AsyncTasks` (feature `tokio`); [`guide::futures`] | `http-auth` |
//! | let another part of the plugin decide | [`AuthUserPassVerify::defer`], [`Decision`], [`Deferral`] | `deferred-auth` |
//! | ask for a second factor | [`Challenges`], [`SecondFactor`], [`Pending`]; [`guide::two_factors`] | `challenge`, `two-factors` |
//! | look at certificates | [`TlsVerify`], [`Certificate`], [`CertificateInfo`] | `log-events` |
//! | **Clients** | | |
//! | give a client options, or refuse it | [`ClientConnect`], [`ClientConnectV2`], [`ClientConfig`] | `client-connect` |
//! | keep something for each client | [`ClientState`] | `per-client-state` |
//! | allow addresses | [`LearnAddress`] | `policy` |
//! | count traffic | [`ClientDisconnect`]; [`guide::accounting`] | `accounting` |
//! | **The server** | | |
//! | act when the tunnel begins and ends | [`Up`], [`RouteUp`], [`RoutePredown`], [`Down`] | `log-events` |
//! | run something all the time | [`Plugin::start`], [`Tasks`]; [`guide::threads`] | `reload` |
//! | start a program | [`command`] | |
//! | read a file that changes | [`guide::restarts`] | `reload` |
//! | **All plugins** | | |
//! | log | the macros of the crate `log`, [`escape()`], [`log_errno`]; [`guide::logs`], [`logging`] | `log-events` |
//! | fail | [`Result`]: `?` works on every error | |
//! | survive SIGHUP, `user` and `chroot` | [`guide::restarts`] | `accounting` |
//! | know what a panic costs | [`guide::panics`] | |
//! | test without OpenVPN | [`testing`] | all |
//! | test with a real server and clients | the crate `ovpn-plugin-test`, `cargo ovpn-plugin run` | the template |
//! | package the plugin | [`guide::packaging`] | |
//!
//! The examples are in `plugins/examples` beside the sources.
//!
//! # What holds for all of them
//!
//! - OpenVPN has one thread, and serves nobody while an event is answered.
//! - A panic becomes a failure and one line in the log. [`guide::panics`] has the exceptions.
//! - A login that the plugin leaves undecided is rejected: after an error, a panic, or when its decision is dropped.
//! - A decision takes effect only if the call got the reply that defers. So it never speaks for another plugin.

mod answer_in;
#[cfg(feature = "tokio")]
mod async_tasks;
pub mod base64;
mod boundary;
mod challenges;
mod client_config;
mod closing;
mod connect_decision;
mod connect_progress;
mod credentials;
mod decision;
mod deferral;
mod deferred_verdict;
mod dispatch;
mod env;
mod error;
mod escape;
mod event_set;
mod events;
mod export;
pub mod guide;
mod host;
mod job_runner;
#[doc(hidden)]
pub mod lines;
mod log_subject;
pub mod logging;
mod named_args;
mod open;
mod open_decisions;
mod panic_guard;
mod pending;
mod plugin;
mod pool;
mod rejection;
mod replies;
mod secrets;
mod tasks;
pub mod testing;
mod undecided_slot;
mod verdict_file;

#[doc = include_str!("../EVENTS.md")]
pub mod event_table {}

#[cfg(feature = "tokio")]
pub use async_tasks::AsyncTasks;
pub use boundary::{Words, command};
pub use challenges::forms::{AnswerError, Challenge, ChallengeResponse, StaticChallenge};
pub use challenges::{
    Answered, AskError, Asked, Challenges, Login, NotAsked, QuestionKind, SecondFactor, Verdict,
};
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
pub use job_runner::JobRunner;
pub use logging::log_errno;
pub use named_args::{NamedArgs, NamedArgsError};
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

/// What [`export!`] expands to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::boundary::{Symbols, WithoutClients, abort, check_name, client_destructor, close, open};
    pub use ovpn_plugin_sys::PLUGIN_VERSION;
}
