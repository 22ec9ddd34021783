//! Hundreds of logins that wait at the same time, in two threads: the feature `tokio`.
//!
//! A [`Pool`](crate::Pool) needs a thread for each request that waits, and OpenVPN's units have room for few.
//! Futures need none. The feature is off by default, since it brings tokio along:
//!
//! ```toml
//! [dependencies]
//! ovpn-plugin = { path = "...", features = ["tokio"] }
//! tokio = { version = "1.38", default-features = false, features = ["net", "rt", "time"] }
//! ```
//!
//! With the feature, `cargo doc -p ovpn-plugin --open` in your crate shows `AsyncTasks`, too. In the SDK's own
//! sources that takes `--features tokio`.
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # mod with_tokio {
//! use std::time::Duration;
//!
//! use ovpn_plugin::{AsyncTasks, AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Rejection, Result};
//!
//! # use ovpn_plugin::Credentials;
//! # async fn service_knows(login: &Credentials) -> Result<bool> { Ok(login.password_is(b"secret")) }
//! struct Service {
//!     tasks: AsyncTasks,
//! }
//!
//! #[ovpn_plugin::plugin]
//! impl Plugin for Service {
//!     const NAME: &'static str = "SERVICE";
//!
//!     fn open(_: &OpenArgs<'_>) -> Result<Self> {
//!         Ok(Self { tasks: AsyncTasks::new(1000) })
//!     }
//!
//!     fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
//!         let login = event.credentials()?;
//!         event.answer_async(&self.tasks, async move {
//!             let known = tokio::time::timeout(Duration::from_secs(5), service_knows(&login)).await??;
//!             if known { Ok(()) } else { Err(Rejection::because("wrong name or password").into()) }
//!         })
//!     }
//! }
//! # }
//! ```
//!
//! # What comes of a future
//!
//! | it ends with | the client |
//! |---|---|
//! | `Ok(())` | is let in |
//! | an error that is a [`Rejection`](crate::Rejection) | is refused, with its reason |
//! | any other error | is refused, and the log has the error |
//! | a panic | is refused, and the log has the panic |
//!
//! If the client gives up, its future is dropped within a second. If there is no room for another
//! future, the client is rejected for now, as by a full [`Pool`](crate::Pool). Lines that a future logs begin
//! with the client's name. Those of what it starts itself (`spawn_blocking`, `tokio::spawn`) do not.
//!
//! [`ClientConnect`](crate::ClientConnect) has `answer_async` too. There the future gives the client's
//! configuration. Any error refuses the client, and so does a lack of room.
//!
//! # Rules
//!
//! - *Do not block.* The threads are few. What blocks goes to `tokio::task::spawn_blocking`.
//! - *Give everything a time limit*, as above. OpenVPN's own limit is a minute by default.
//! - *Do not use `tokio::process`.* It would take the signal SIGCHLD from OpenVPN. Start programs with
//!   [`command`](crate::command) in `spawn_blocking`.
//! - *Start no runtime of your own.* That of `AsyncTasks` has OpenVPN's signals blocked, begins after OpenVPN
//!   has become a daemon, and ends with the plugin. For libraries that look for a runtime there is
//!   `AsyncTasks::enter`.
//! - *Make connections in a future*, not in `open`: nothing runs there yet. Names of hosts are looked up
//!   late, perhaps in a `chroot`. There the resolver needs `/etc/resolv.conf` and its library. Or give
//!   addresses.
//!
//! # The end
//!
//! When OpenVPN closes the plugin, undecided clients are refused at once, and futures are dropped where
//! they next wait. One that does not get there is named in the log every two seconds. After ten seconds
//! (`AsyncTasks::close_limit`) OpenVPN no longer waits for it, and the plugin's code stays in memory for it.
//! Except on Linux, OpenVPN waits without limit.
//!
//! The example `http-auth` asks an HTTPS service in this way, with a pool of connections and a time limit.
