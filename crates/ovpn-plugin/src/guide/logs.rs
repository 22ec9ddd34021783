//! Which line shows when, whose name it has, and what becomes of `println!`.
//!
//! The macros of the crate `log` write to OpenVPN's log, from any thread. A line there is
//! `PLUGIN NAME: text`, with OpenVPN's time before it.
//!
//! # Levels
//!
//! | macro | OpenVPN calls it | shown from `verb` on |
//! |---|---|---|
//! | `error!` | error | 1 |
//! | `warn!` | warning | 1 |
//! | `info!` | notice | 1 |
//! | `debug!` | debug | 7 |
//! | `trace!` | debug | 9 |
//!
//! `verb` is 1 unless the configuration says otherwise. With `verb 0` nothing shows. The SDK sets
//! `log::max_level` accordingly, so a line that does not show is not even formatted. A plugin may set
//! another limit in [`open`](crate::Plugin::open), which stays.
//!
//! Libraries that use the crate `log` are heard too: a chatty one shows from `verb 7` on.
//!
//! `cargo ovpn-plugin run` has `verb 3`; with `--verb 7` it shows debug lines.
//!
//! # The client's name
//!
//! What is logged in an event of a client begins with the client, as in OpenVPN's own lines:
//! `joe/192.0.2.2:4711`. So do lines of jobs of `answer_in` and of futures of `answer_async`.
//! If your lines name the client themselves, set
//! [`LINES_NAME_THE_CLIENT`](crate::Plugin::LINES_NAME_THE_CLIENT) to `false`.
//!
//! # What is in a line
//!
//! One message is one line: control characters are escaped, and what is over
//! [`MAX_LINE_BYTES`](crate::logging::MAX_LINE_BYTES) is cut. Show names from the network with
//! [`escape`](crate::escape()), which also doubles backslashes: two different names never look the same.
//! For an error of the system there is [`log_errno`](crate::log_errno). Do not log passwords.
//!
//! # Lines of threads
//!
//! They are written to where OpenVPN logs, without OpenVPN, in the order of their thread. The management
//! interface does not show them. [`logging`](crate::logging) says where that is not possible; there lines
//! wait for OpenVPN's next call.
//!
//! # Do not use `println!`
//!
//! `println!`, `print!` and `dbg!` write past OpenVPN:
//!
//! - Such a line has no time, no name and no level, and shows whatever `verb` is.
//! - It goes to OpenVPN's standard output or error. With `log FILE` or in a terminal that is the log by
//!   chance. A daemon that logs to the system log has its log elsewhere.
//! - `println!` panics if standard output cannot be written to. In an event that rejects the login.
//!
//! In tests they are fine.
//!
//! # Tests
//!
//! [`testing::Running::log_lines`](crate::testing::Running::log_lines) has what the plugin logged, also in
//! threads. If a test fails, the log is shown.
