//! SIGHUP, SIGUSR1, other users and a `chroot`: what stays, what is made anew, and why not to use statics.
//!
//! | what happens | what it does to the plugin |
//! |---|---|
//! | SIGUSR1, a lost connection | nothing: its state stays |
//! | SIGHUP | it is closed and dropped, perhaps unloaded, and opened anew |
//! | SIGTERM, SIGINT | it is closed and dropped |
//! | SIGKILL, a crash | nothing runs any more |
//!
//! # The second `open` is not the first one
//!
//! OpenVPN gives up root (`user`, `group`) and goes into a `chroot` once, after the first `open`. A
//! SIGHUP later calls [`open`](crate::Plugin::open) as that user and in that `chroot`. If `open` then
//! cannot read its files, it returns an error, and OpenVPN ends.
//!
//! - Files that the plugin reads again must be readable for that user. Say so in your documentation.
//! - Or read a file again without SIGHUP: open its directory in `open`, keep it open, and have a task
//!   look at it. The example `reload` does that.
//! - Files that the plugin writes: open them in `open` and keep them. The example `accounting` does
//!   that, and its file can be rotated without a signal.
//!
//! # Statics
//!
//! Keep state in fields of the plugin, not in statics.
//!
//! At SIGHUP OpenVPN unloads the plugin's file and loads it again, and its statics begin anew. But once
//! the plugin has started a thread, glibc keeps the code in memory, and statics keep their values. This
//! holds for `std::thread`, [`Tasks`](crate::Tasks) and [`Pool`](crate::Pool), also when the thread has
//! ended. So after a SIGHUP, a `static` that is filled once may have the old configuration or the new one. That
//! depends on whether a thread was started before. Other C libraries may never unload a file. If OpenVPN opens
//! the plugin again in code that stayed, the log says so (`verb 7`).
//!
//! Fields do not have this problem: the plugin is dropped at close in both cases.
//!
//! ```
//! use ovpn_plugin::{OpenArgs, Plugin, Result, Up, UpReply};
//!
//! /// Not `static NETWORK: OnceLock<String>`, which may outlive the configuration it is from.
//! struct Mine {
//!     network: String,
//! }
//!
//! #[ovpn_plugin::plugin]
//! impl Plugin for Mine {
//!     const NAME: &'static str = "MINE";
//!
//!     fn open(args: &OpenArgs<'_>) -> Result<Self> {
//!         let [network] = args.text_args()?[..] else { return Err("wanted: plugin FILE NETWORK".into()) };
//!         Ok(Self { network: network.to_owned() })
//!     }
//!
//!     fn up(&mut self, _: &Up<'_>) -> Result<UpReply> {
//!         log::info!("network {}", self.network);
//!         Ok(UpReply::Done)
//!     }
//! }
//! # ovpn_plugin::testing::Running::<Mine>::open(&ovpn_plugin::testing::CallData::new().arg("x")).unwrap();
//! ```
//!
//! Libraries may have statics too: connection pools, TLS settings, a logger. Choose those that can be
//! made as a value and kept in a field.
//!
//! # What is lost at SIGHUP
//!
//! Everything in the plugin: logins that are undecided are rejected, and open questions of
//! [`Challenges`](crate::Challenges) are forgotten.
//!
//! # A daemon
//!
//! With `--daemon` OpenVPN forks, and threads do not survive that. Start them in
//! [`Plugin::start`](crate::Plugin::start), which runs right before the first event.
//! [`InitPoint`](crate::InitPoint) says what OpenVPN has done before it calls `open`.
