//! The life of a privileged helper, the same for every plugin: a *keeper* that starts it, starts it anew when it was
//! killed, and ends it with OpenVPN.
//!
//! ```text
//!   front (OpenVPN)  --channel-->  helper of generation 1, 2, ...  --channels-->  workers, if it has some
//!         |                           |  forked by, talks to                        |  forked by
//!         +------life line------->  keeper  ----------------------------------------+
//! ```
//!
//! A *generation* is the number of a helper, from 1: each restart has the next one.
//!
//! The keeper reads nothing of the front's. It is forked while the parent has not seen a secret yet, and every helper is forked from
//! its memory. It holds the helpers' end of the channel open, so all of them use the same socket, and the front reads
//! end of file only when keeper and helper are both gone. What was under way when a helper died is over: the numbers of
//! the generations tell both sides what belongs to whom.

mod envelope;
mod front;
#[cfg(any(test, feature = "testing"))]
pub mod fuzzing;
mod keeper;
mod keeper_link;
mod keeper_messages;
mod new_helper;
mod queued_channel;

pub use envelope::{News, Numbered};
pub use front::{HelperNews, KeptHelper, StartError};
pub use keeper::{NewWorker, ORDERLY_END, OpenVpn, Plan, WorkersPlan};
pub use keeper_link::{KeeperLink, KeeperNews};
pub use keeper_messages::WorkerNumber;
pub use new_helper::{ForWorkers, NewHelper};

/// Exit status of a helper that is done: OpenVPN is gone, or has closed the plugin.
pub const DONE: i32 = 0;
/// Exit status of a helper that OpenVPN has sent something that it must not: nobody is started in its place.
pub const MISTRUST: i32 = 1;
/// Exit status of a helper that cannot go on for another reason: the next one may.
pub const FAILED: i32 = 2;
