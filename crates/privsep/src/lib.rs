//! A forked helper process that keeps the privileges its parent gives up: how it is started, how the two talk, how
//! descriptors cross, how it ends and is reaped.
//!
//! The crate knows nothing of OpenVPN and nothing of PAM. The parts:
//!
//! * [`mod@wire`]: bounded encoding and decoding of message fields;
//! * [`channel`]: a `SOCK_SEQPACKET` pair whose two ends have opposite message types;
//! * [`helper`]: fork, stop and reap, seen from the process that forks;
//! * [`confine`]: what the forked child does to itself before it works;
//! * [`started_program`]: what a program gets that the child starts;
//! * [`acl`]: who may write to a file according to its access control list;
//! * [`kept_helper`]: the keeper, which starts a helper anew when it was killed, and ends it with OpenVPN;
//! * [`unprivileged`]: a process that gives up all it does not need;
//! * [`directory_sandbox`]: a process that makes files in one directory and can do nothing else;
//! * [`capabilities`]: which of root's rights a process keeps;
//! * [`cgroup`]: limits of the control groups;
//! * [`orphans`]: ends what a child leaves running;
//! * [`attributes`]: what a library can change about its process, as numbers to compare;
//! * [`parent_death_pipe`]: kills a child when its parent dies, whatever a library in the child does;
//! * [`line_log`]: log lines on their way to the unprivileged side;
//! * [`line_writer`]: that side, which writes them;
//! * [`lines`]: what is said of all that;
//! * [`local_socket`]: by which root asks a process that has no rights;
//! * [`path_permissions`]: who could change a file, or a directory or link on the way to it;
//! * [`scoreboard`]: small numbers that processes leave for each other in shared memory;
//! * [`title`]: what `ps` shows of a process;
//! * [`parent_exit`]: news of the parent's death, even if another process holds its end of the channel.

pub mod acl;
mod argument_area;
pub mod attributes;
pub mod capabilities;
pub mod cgroup;
pub mod channel;
mod children;
mod code_pages;
pub mod confine;
pub mod directory_sandbox;
#[cfg(any(test, feature = "testing"))]
pub mod fuzzing;
pub mod helper;
pub mod idle_wait;
mod inherited_descriptors;
pub mod kept_helper;
pub mod line_log;
pub mod line_writer;
pub mod lines;
pub mod local_socket;
pub mod orphans;
mod os;
pub mod parent_death_pipe;
pub mod parent_exit;
pub mod path_permissions;
pub mod scoreboard;
mod seccomp;
pub mod started_program;
pub mod title;
pub mod unprivileged;
pub mod wire;

pub use channel::{Channel, ChannelError, Message, above_standard, pair};
pub use helper::{Helper, Reaped, fork_child, kill_group, leave, reap_any};
pub use inherited_descriptors::InheritedNumbers;
pub use os::{Ended, signal_name};
pub use wire::{Reader, WireError, Writer};
