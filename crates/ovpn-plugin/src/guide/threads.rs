//! OpenVPN has one thread. What that means for a plugin that asks a slow backend.
//!
//! OpenVPN calls a plugin in its only thread, one call at a time. Until the call returns, OpenVPN
//! forwards no packet and answers no client. An event that takes more than a second is a line in the
//! log, with the time.
//!
//! # Which way for which work
//!
//! | work | way |
//! |---|---|
//! | a comparison, a look into a map | answer in the event |
//! | a backend that takes time | [`answer_in`](crate::AuthUserPassVerify::answer_in) with a [`Pool`](crate::Pool) |
//! | something that runs as long as the plugin | [`Tasks`](crate::Tasks) |
//! | hundreds of requests at the same time | [`futures`](crate::guide::futures) |
//! | a verdict that comes from elsewhere | [`defer`](crate::AuthUserPassVerify::defer), and the [`Decision`](crate::Decision) goes to the code that knows |
//!
//! ```
//! use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Pool, Rejection, Result};
//!
//! # use ovpn_plugin::Credentials;
//! # fn backend_knows(login: &Credentials) -> Result<bool> { Ok(login.password_is(b"secret")) }
//! struct Slow {
//!     pool: Pool,
//! }
//!
//! #[ovpn_plugin::plugin]
//! impl Plugin for Slow {
//!     const NAME: &'static str = "SLOW";
//!
//!     fn open(_: &OpenArgs<'_>) -> Result<Self> {
//!         Ok(Self { pool: Pool::new("backend", 4, 100) })
//!     }
//!
//!     fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
//!         let login = event.credentials()?;
//!         event.answer_in(&self.pool, move |_stop| -> Result<()> {
//!             if backend_knows(&login)? {
//!                 return Ok(());
//!             }
//!             Err(Rejection::because("wrong name or password").into())
//!         })
//!     }
//! }
//! # use ovpn_plugin::EventSet;
//! # use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};
//! # let mut plugin = Running::<Slow>::open(&CallData::new()).unwrap();
//! # let files = LoginFiles::new().unwrap();
//! # let call = files.call().env("username", "joe").env("password", "secret");
//! # assert_eq!(plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome, Outcome::Deferred);
//! # assert_eq!(files.wait_for_verdict(std::time::Duration::from_secs(20)), Some(true));
//! ```
//!
//! # What later means for a client
//!
//! OpenVPN looks for a deferred verdict when the client asks again: after about one second, then at
//! growing intervals. A direct answer takes a tenth of a second. So answer directly what is quick.
//!
//! If nobody decides, OpenVPN gives up after the smaller of `hand-window` and half of `reneg-sec`,
//! which is a minute by default. [`Decision::is_wanted`](crate::Decision::is_wanted) says whether
//! anybody still waits: ask it before long work.
//!
//! For a connecting client OpenVPN has no such limit. If nobody decides, the client gives up after its own
//! `hand-window`, and OpenVPN forgets it when `keepalive` says so. So give each job a time limit.
//!
//! OpenVPN ends if two plugins defer the same login. Let the administrator choose which one does.
//!
//! # What a thread may do
//!
//! OpenVPN's own functions are made for its one thread, and no other thread calls them. A thread of the
//! plugin may
//!
//! - log: its lines reach OpenVPN's log without OpenVPN, see [`logging`](crate::logging);
//! - decide: [`Decision`](crate::Decision) and [`ConnectDecision`](crate::ConnectDecision) write files
//!   that were opened in the event, so this works in a `chroot` and as another user;
//! - use [`Credentials`](crate::Credentials), which are copies. The words and variables of an event are
//!   gone when the call is over, so copy what you take along;
//! - use [`base64`](crate::base64) and [`wipe`](crate::wipe()), which are this crate's own. OpenVPN offers
//!   functions for both, which the SDK never calls;
//! - read the certificate, the words and the variables of an event, if it ends within the call. An `X509` of
//!   the crate `openssl` that was cloned outlives the call: OpenSSL counts who holds it.
//!
//! # Where to start threads
//!
//! Start them in [`Plugin::start`](crate::Plugin::start) or in an event, not in
//! [`Plugin::open`](crate::Plugin::open). With `--daemon`, OpenVPN may fork after `open`, and threads do
//! not survive that. A [`Pool`](crate::Pool) may be made in `open`: its first job starts its first thread.
//!
//! Keep [`Tasks`](crate::Tasks) and [`Pool`](crate::Pool) in fields of the plugin. When OpenVPN closes
//! the plugin, they tell their threads to stop and wait for them. OpenVPN stands still meanwhile. If a task
//! does not end, the log names it every two seconds. So look at [`Stop`](crate::Stop), and
//! give everything that waits a time limit.
//!
//! Threads of `std::thread` are neither told to stop nor waited for, and they take OpenVPN's signals.
//! Nothing of a plugin may run after it is closed, so use them only where they end within the call.
//!
//! # Signals and programs
//!
//! In threads of the SDK, the signals that OpenVPN waits for are blocked. A program that such a thread starts
//! inherits that, and then SIGTERM does not end it. Start programs with [`command`](crate::command), which
//! unblocks all signals.
//!
//! # Limits
//!
//! - *Threads*: the units of OpenVPN 2.6 have `LimitNPROC=10`, those of 2.7 have `TasksMax=20`. Few
//!   threads are enough for logins that wait: four that take half a second each decide eight a second.
//! - *Files*: an undecided login holds two files. When undecided ones hold three quarters of the files
//!   that OpenVPN may have open, no other login is deferred
//!   ([`DeferError::TooManyFiles`](crate::DeferError::TooManyFiles)). Connections to a backend come on
//!   top: bound the logins that may wait for it.
//! - *Queue*: if a [`Pool`](crate::Pool) is full, `answer_in` tells the client to come again.
//!
//! # Forks
//!
//! Fork in an event, and hold [`hold_for_fork`](crate::logging::hold_for_fork) meanwhile. In the new
//! process, call [`in_forked_child`](crate::logging::in_forked_child) first, and leave with `_exit`:
//! copies of undecided [`Decision`](crate::Decision)s would reject.
