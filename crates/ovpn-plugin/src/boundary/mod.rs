//! The border to C: all unsafe code of the crate, and the generic functions behind the exported symbols.

#[cfg(test)]
mod allocations;
mod call_secrets;
#[cfg(all(feature = "openssl", unix))]
mod certificate;
mod client;
mod clock;
mod close;
mod current_subject;
mod descriptors;
mod func;
mod host_log;
mod instance;
#[cfg(feature = "tokio")]
mod library;
#[cfg(unix)]
mod log_capture;
mod open;
mod random;
mod return_list;
mod signals;
mod string_array;
mod symbols;

pub use client::client_destructor;
pub use close::{abort, close};
pub use open::{check_name, open};
pub use signals::command;
pub use string_array::Words;
pub use symbols::{Symbols, WithoutClients};

pub(crate) use call_secrets::{give, is_secret, wipe};
pub(crate) use client::{Client, ClientCell};
pub(crate) use clock::coarse;
#[cfg(unix)]
pub(crate) use clock::now;
pub(crate) use current_subject::{during, forget_subject, with_subject};
pub(crate) use descriptors::{make_room, open_files_limit};
#[cfg(unix)]
pub(crate) use host_log::name;
pub(crate) use host_log::{PASSES_ERRNO, close_inherited_syslog, has_host, keep_sink, send, sink};
pub(crate) use instance::Instance;
#[cfg(feature = "tokio")]
pub(crate) use library::Library;
#[cfg(unix)]
pub(crate) use log_capture::{CapturedLog, capture};
pub(crate) use random::random;
pub(crate) use signals::without_signals;
pub(crate) use string_array::{OwnedStringArray, StringArray};
