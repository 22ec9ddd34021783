//! The border to the plugin: all unsafe code of the crate.

mod callbacks;
mod fork;
mod guarded;
mod library;
mod loading;
mod log_slot;
mod object;
pub mod process;
mod return_list;
mod session;
mod x509;

pub use fork::fork_alone;
pub(crate) use library::{Library, OpenWith};
pub(crate) use log_slot::LogSlot;
pub use object::load;
pub(crate) use session::{Answer, Context, Session};
