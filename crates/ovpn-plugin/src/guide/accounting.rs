//! Who was there, how long, with how much traffic, and which of them were refused.
//!
//! OpenVPN says what a client used when it leaves, in [`ClientDisconnect`](crate::ClientDisconnect):
//!
//! | method | what it gives |
//! |---|---|
//! | [`bytes_received`](crate::ClientDisconnect::bytes_received) | bytes from the client |
//! | [`bytes_sent`](crate::ClientDisconnect::bytes_sent) | bytes to the client |
//! | [`duration`](crate::ClientDisconnect::duration) | whole seconds since it connected |
//! | [`connected_at`](crate::ClientDisconnect::connected_at) | when it connected |
//! | [`was_let_in`](crate::ClientDisconnect::was_let_in) | whether it had been let in |
//!
//! Each is `None` if OpenVPN does not say, except for the last one.
//!
//! # Refused clients
//!
//! Not every `ClientDisconnect` is for a client that was let in. From OpenVPN 2.6 on, it also comes for a
//! client that was refused when it connected, by this plugin, by another one, or by a script.
//! [`event_table`](crate::event_table) has the other versions. So ask `was_let_in` before you count.
//!
//! OpenVPN does not tell a plugin what other plugins and scripts decide. The SDK infers it from the
//! events that the plugin takes. If something else may refuse a client after this plugin, take
//! [`LearnAddress`](crate::LearnAddress) as well: on a tun device, a client that never got its address was
//! not let in.
//!
//! ```
//! use ovpn_plugin::{
//!     ClientDisconnect, ClientDisconnectReply, LearnAddress, LearnAddressReply, OpenArgs, Plugin, Result, escape,
//! };
//!
//! struct Accounts;
//!
//! #[ovpn_plugin::plugin]
//! impl Plugin for Accounts {
//!     const NAME: &'static str = "ACCOUNTS";
//!
//!     fn open(_: &OpenArgs<'_>) -> Result<Self> {
//!         Ok(Self)
//!     }
//!
//!     /// Taken so that `was_let_in` knows of clients that something else refused.
//!     fn learn_address(&mut self, _: &LearnAddress<'_>) -> Result<LearnAddressReply> {
//!         Ok(LearnAddressReply::Accept)
//!     }
//!
//!     fn client_disconnect(&mut self, event: &ClientDisconnect<'_>) -> Result<ClientDisconnectReply> {
//!         if event.was_let_in() {
//!             let name = escape(event.common_name().unwrap_or_default());
//!             let bytes = [event.bytes_received(), event.bytes_sent()].map(Option::unwrap_or_default);
//!             log::info!("{name}: {} bytes received, {} bytes sent", bytes[0], bytes[1]);
//!         }
//!         Ok(ClientDisconnectReply::Done)
//!     }
//! }
//! # use ovpn_plugin::EventSet;
//! # use ovpn_plugin::testing::{CallData, Outcome, Running};
//! # let mut plugin = Running::<Accounts>::open(&CallData::new()).unwrap();
//! # let call = CallData::new().env("common_name", "joe").env("bytes_sent", "7");
//! # assert_eq!(plugin.call(EventSet::CLIENT_DISCONNECT, &call).outcome, Outcome::Success);
//! ```
//!
//! A login that is rejected has no `ClientDisconnect` at all. Count those in
//! [`AuthUserPassVerify`](crate::AuthUserPassVerify). A client that leaves before its
//! [`ConnectDecision`](crate::ConnectDecision) has none either: it just stops asking, and OpenVPN forgets it when
//! `keepalive` says so. State for each client
//! ([`ClientState`](crate::ClientState)) is dropped in every case.
//!
//! # When the figures are wrong or missing
//!
//! - *Data channel offload* (DCO, OpenVPN 2.6 and later): the kernel counts, and the numbers of bytes
//!   may be too low or zero. With `disable-dco` in its configuration OpenVPN counts itself. OpenVPN 2.5 and
//!   older refuse that option.
//! - *The end of OpenVPN*: at SIGTERM it reports each client as gone. After SIGKILL it does not.
//!
//! # Writing them down
//!
//! Open the file in [`open`](crate::Plugin::open), as root and before a `chroot`, and keep it open. With
//! `user` in the configuration, SIGHUP opens the plugin as that user. If that user cannot open the file then,
//! OpenVPN ends: so let the user open it ([`restarts`](crate::guide::restarts)).
//!
//! Names come from the network: show them with [`escape`](crate::escape()). If the disk is full, log the line
//! instead, and let the client go on. The example `accounting` does all of this, and survives `logrotate`.
