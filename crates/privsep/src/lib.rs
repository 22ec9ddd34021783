//! A forked helper process that keeps the privileges its parent gives up: how it is started, how the two talk, how
//! descriptors cross, how it ends and is reaped.
//!
//! The crate knows nothing of OpenVPN and nothing of PAM. The parts:
//!
//! * [`wire`]: bounded encoding and decoding of message fields;
//! * [`channel`]: a `SOCK_SEQPACKET` pair whose two ends have opposite message types;
//! * [`helper`]: fork, stop and reap, seen from the process that forks;
//! * [`confine`]: what the forked child does to itself before it works;
//! * [`program`]: what a program gets that the child starts;
//! * [`acl`]: who may write to a file according to its access control list;
//! * [`leash`]: a child that dies with its parent, whatever a library in it does meanwhile;
//! * [`line_log`]: log lines on their way to the unprivileged side, which writes them;
//! * [`walk`]: who could change a file, or a directory or link on the way to it;
//! * [`parent`]: news of the parent's end, whoever else holds its end of the channel.

pub mod acl;
pub mod channel;
pub mod confine;
pub mod helper;
mod inherited;
pub mod leash;
pub mod line_log;
mod os;
pub mod parent;
pub mod program;
pub mod walk;
pub mod wire;

pub use channel::{Channel, ChannelError, Message, Sender, above_standard, pair};
pub use helper::{Helper, Reaped, fork_child, kill_group, leave, reap_any};
pub use inherited::Numbers;
pub use os::Ended;
pub use wire::{Reader, WireError, Writer};
