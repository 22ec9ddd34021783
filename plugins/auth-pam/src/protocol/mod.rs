//! Everything that crosses a process border. One type per direction; every length is bounded before anything is
//! allocated; an unknown tag or a left-over byte is an error that ends the receiver. No descriptor and no path crosses.
//!
//! ```text
//!   front  --Request-->  supervisor  --Order-->   worker
//!   front  <--Reply----  supervisor  <--Report--  worker
//! ```
//!
//! Each message is declared once ([`privsep::wire`]). Writing, reading, the upper bound of its size, its tests and its
//! row in docs/reference/auth-pam-messages.md are made from that.
//!
//! Between front and supervisor each message stands behind a few bytes that say which supervisor it is for, or that it is
//! up or lost ([`privsep::kept_helper`]).
//!
//! Log lines of the supervisor go to the front over a socket of their own ([`privsep::line_log`]), which the supervisor
//! never waits for.

pub mod attempt_origin;
pub mod client_options_request;
pub mod credentials;
mod front_supervisor;
pub mod passwordless_proof;
pub mod question;
pub mod reference;
pub mod session;
mod supervisor_worker;
pub mod time_taken;
pub mod verdict;

pub use credentials::{Client, Credentials, MAX_CLIENT_VALUE};
pub use front_supervisor::{AttemptRequest, CredentialsKind, Reply, Request, monotonic};
pub use supervisor_worker::{NewTransaction, Order, Report, StepResult, TransactionEnd, WorkerNews};

pub use verdict::WhoseFault;

/// Longest username, password, response or common name, in bytes (OpenVPN's own limit in builds with PKCS#11).
pub const MAX_CREDENTIAL: usize = 4096;
/// Longest client address, in bytes; an IPv6 address with scope fits.
pub const MAX_ADDRESS: usize = 128;
/// Longest text a worker reports, in bytes.
pub const MAX_TEXT: usize = 1024;
/// Longest name a worker reports, in bytes.
pub const MAX_CHECKED: usize = 512;
/// Longest text of PAM modules for the person at the client, in bytes.
pub const MAX_SAID: usize = 256;
/// Longest reason for a client, in bytes: such a text, and why.
pub const MAX_TOLD: usize = 512;

/// Room for what the other side has not read yet, in each direction between front and supervisor: a burst of logins
/// must not stop OpenVPN.
pub const SOCKET_BYTES: usize = 4 << 20;

#[cfg(test)]
mod tests;
