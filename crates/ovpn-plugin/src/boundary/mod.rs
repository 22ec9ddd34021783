//! The border to C: all unsafe code of the crate, and the generic functions behind the exported symbols.

#[cfg(test)]
mod allocations;
#[cfg(all(feature = "openssl", unix))]
mod certificate;
mod client;
mod close;
mod func;
mod host_log;
mod instance;
mod open;
mod return_list;
mod signals;
mod words;

pub use client::{client_constructor, client_destructor};
pub use close::{abort, close};
pub use func::{func, func_with_clients};
pub use open::{check_name, open};
pub use words::Words;

pub(crate) use client::Client;
pub(crate) use host_log::{PASSES_ERRNO, close_inherited_syslog, send};
pub(crate) use instance::Instance;
pub(crate) use signals::without_signals;
pub(crate) use words::{Array, OwnedArray};
