//! The events, each once: constants, names, sets, the methods of a plugin, their dispatch and the tests of all of them are
//! made from this list.

use core::ffi::c_int;

/// Hands all events to a macro, a row each:
///
/// `#[doc = "what has happened"] CONSTANT = number, NAME: method(Type) -> Reply, else, "what a failure does";`
///
/// `NAME` is what OpenVPN's log has behind `PLUGIN_`; `method`, `Type` and `Reply` are those of the crate `ovpn-plugin`;
/// `else`: what a plugin says that takes the event and has no such method, `done` or `reject`.
#[macro_export]
macro_rules! for_each_event {
    ($callback:ident) => {
        $callback! {
            /// The tunnel device is open.
            PLUGIN_UP = 0, UP: up(Up) -> UpReply, done,
                "OpenVPN ends: `up/down plugin call failed`.";
            /// The tunnel device was closed.
            PLUGIN_DOWN = 1, DOWN: down(Down) -> DownReply, done,
                "OpenVPN ends at once, also where it would only restart: `up/down plugin call failed`.";
            /// Routes were added.
            PLUGIN_ROUTE_UP = 2, ROUTE_UP: route_up(RouteUp) -> RouteUpReply, done,
                "OpenVPN warns, and goes on.";
            /// The address of the peer became known or changed.
            PLUGIN_IPCHANGE = 3, IPCHANGE: ipchange(IpChange) -> IpChangeReply, done,
                "OpenVPN warns, and goes on.";
            /// A certificate of the peer's chain is to be judged; called for each, the authority's first.
            PLUGIN_TLS_VERIFY = 4, TLS_VERIFY: tls_verify(TlsVerify) -> TlsVerifyReply, reject,
                "OpenVPN refuses the client.";
            /// A username and password are to be judged.
            PLUGIN_AUTH_USER_PASS_VERIFY = 5, AUTH_USER_PASS_VERIFY:
                auth_user_pass_verify(AuthUserPassVerify) -> AuthReply, reject,
                "OpenVPN refuses the client.";
            /// A client connects; its configuration goes into a file.
            PLUGIN_CLIENT_CONNECT = 6, CLIENT_CONNECT:
                client_connect(ClientConnect) -> ClientConnectReply, reject,
                "OpenVPN refuses the client.";
            /// A client left.
            PLUGIN_CLIENT_DISCONNECT = 7, CLIENT_DISCONNECT:
                client_disconnect(ClientDisconnect) -> ClientDisconnectReply, done,
                "OpenVPN warns, and goes on.";
            /// An address was learned, changed or forgotten.
            PLUGIN_LEARN_ADDRESS = 8, LEARN_ADDRESS: learn_address(LearnAddress) -> LearnAddressReply, reject,
                "OpenVPN does not learn the address: packets to it go nowhere.";
            /// A client connects; its configuration is part of the reply.
            PLUGIN_CLIENT_CONNECT_V2 = 9, CLIENT_CONNECT_V2:
                client_connect_v2(ClientConnectV2) -> ClientConnectV2Reply, reject,
                "OpenVPN refuses the client.";
            /// The TLS negotiation with a peer is complete.
            PLUGIN_TLS_FINAL = 10, TLS_FINAL: tls_final(TlsFinal) -> TlsFinalReply, reject,
                "OpenVPN refuses the client.";
            /// Routes are about to be removed.
            PLUGIN_ROUTE_PREDOWN = 12, ROUTE_PREDOWN: route_predown(RoutePredown) -> RoutePredownReply, done,
                "OpenVPN ends: `up/down plugin call failed`.";
            /// The result of a `CLIENT_CONNECT` that was deferred is asked for, again and again (OpenVPN 2.5 and later).
            PLUGIN_CLIENT_CONNECT_DEFER = 13, CLIENT_CONNECT_DEFER:
                client_connect_defer(ClientConnectDefer) -> ClientConnectReply, reject,
                "OpenVPN refuses the client.";
            /// The result of a `CLIENT_CONNECT_V2` that was deferred is asked for, again and again (OpenVPN 2.5 and later).
            PLUGIN_CLIENT_CONNECT_DEFER_V2 = 14, CLIENT_CONNECT_DEFER_V2:
                client_connect_defer_v2(ClientConnectDeferV2) -> ClientConnectV2Reply, reject,
                "OpenVPN refuses the client.";
            /// A client answered a challenge (OpenVPN 2.6 and later). The verdict goes to the control file of its login.
            PLUGIN_CLIENT_CRRESPONSE = 15, CLIENT_CRRESPONSE:
                client_crresponse(ClientCrResponse) -> ClientCrResponseReply, done,
                "OpenVPN warns, and goes on.";
        }
    };
}

macro_rules! numbers_and_names {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:ident:
        $method:ident($event:ident) -> $reply:ident, $else:ident, $failure:literal;)*) => {
        $($(#[$doc])* pub const $constant: c_int = $number;)*

        /// The events by number, with their names in OpenVPN's log without `PLUGIN_`.
        pub const EVENT_NAMES: &[(c_int, &str)] = &[$(($number, stringify!($name)),)*];
    };
}
for_each_event!(numbers_and_names);

/// The name of an event by its number, as in OpenVPN's log without `PLUGIN_`. `None` for numbers that no OpenVPN has.
#[must_use]
pub fn event_name(event: c_int) -> Option<&'static str> {
    EVENT_NAMES.iter().find(|(number, _)| *number == event).map(|(_, name)| *name)
}

/// One more than the last event of OpenVPN 2.6 and 2.7. Number 11 is a removed event: never ask for it.
pub const PLUGIN_N: c_int = 16;
