//! What the SDK does about a panic, and what can end OpenVPN all the same.
//!
//! # The promise
//!
//! A panic in a plugin does not unwind into OpenVPN. It is one line in the log, with its place and its
//! text, and it costs what was going on:
//!
//! | a panic in | costs |
//! |---|---|
//! | an event | that event fails; a login is rejected |
//! | [`open`](crate::Plugin::open) | OpenVPN does not start |
//! | [`start`](crate::Plugin::start) | the first event fails, and the next one tries again |
//! | [`new_client`](crate::ClientState::new_client) | that client has no state |
//! | a job of a [`Pool`](crate::Pool), a future | that job |
//! | a task of [`Tasks`](crate::Tasks) | that task, which is not started again |
//! | the end of the plugin, or of a client's state | nothing else |
//!
//! An undecided [`Decision`](crate::Decision) in what panics rejects.
//!
//! A failed event is not always harmless: if [`Up`](crate::Up), [`Down`](crate::Down) or
//! [`RoutePredown`](crate::RoutePredown) fails, OpenVPN ends. Each method of [`Plugin`](crate::Plugin) says what
//! OpenVPN does when it fails.
//!
//! The plugin stays in use after a panic, with its state as the panic left it. So do first what may panic, and
//! change the state at the end. A `Mutex` that was locked at the panic is poisoned.
//!
//! The promise needs `panic = "unwind"`. With `abort` the build fails.
//!
//! # What it does not cover
//!
//! | what | what happens |
//! |---|---|
//! | a second panic while the first one unwinds: a `Drop` that panics | Rust ends the process. The log has a line with both places |
//! | `std::process::abort`, `exit` | OpenVPN ends, without a line |
//! | stack overflow, for example by recursion over what a client sent | OpenVPN ends by a signal |
//! | no memory left | Rust ends the process |
//! | SIGSEGV and the like, in C libraries or in unsafe code | OpenVPN ends by a signal |
//! | a panic in a `Waker` of your own, in a thread of `AsyncTasks` | tokio ends the process |
//! | a panic in a function that C calls (`extern "C"`) | Rust ends the process |
//! | an endless loop, a lock that nobody opens | OpenVPN stands still, for all clients |
//! | a thread of `std::thread` | its panic is a line in the log, and nobody waits for it any more |
//! | a process forked from the plugin | see below |
//!
//! So: let no `Drop` panic, bound recursion, and give everything that waits a time limit. Code that may
//! crash belongs in a process of its own, which the plugin asks.
//!
//! # Forked processes
//!
//! A process that is forked in an event is a copy of OpenVPN. Call
//! [`in_forked_child`](crate::logging::in_forked_child) first: from then on its panics are lines in the log. A panic
//! that unwinds out of the event returns to the copy of OpenVPN as a failed event. The process then runs on as a
//! second OpenVPN with the same sockets. So catch panics around all that it does, and leave with `_exit`.
//!
//! # Tests
//!
//! [`testing::Running::errors`](crate::testing::Running::errors) has the lines of panics, also of tasks. To try
//! the file itself, run `sudo ovpn-plugin certify --user joe --password-file password ./libmine.so WORD`.
//! [`packaging`](crate::guide::packaging) says how to install that command.
