//! The replies to each event, one type each: a reply OpenVPN would not understand does not compile.

use ovpn_plugin_sys as sys;

use crate::deferral::{answered_directly, delivered};
use crate::dispatch::{Answer, Deliver};
use crate::events::all::*;
use crate::{ClientConfig, EventSet, Pending, Rejection, logging, verdict_file};

/// A reply that is nothing but its code.
pub(crate) trait Plain: Into<Answer> {}

impl<E, R: Plain> Deliver<E> for R {
    fn deliver(self, _: &E, _: EventSet) -> Answer {
        self.into()
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[must_use]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl From<$name> for Answer {
            fn from(reply: $name) -> Self {
                match reply {
                    $($name::$variant => Self::code(sys::$code),)*
                }
            }
        }
    )*};
}

macro_rules! replies {
    ($($(#[$doc:meta])* $name:ident { $($variants:tt)* })*) => {$(
        codes! { $(#[$doc])* $name { $($variants)* } }
        impl Plain for $name {}
    )*};
}

replies! {
    /// Reply to [`Up`](crate::Up).
    ///
    /// It cannot come later:
    ///
    /// ```compile_fail,E0599
    /// let reply = ovpn_plugin::UpReply::Deferred;
    /// ```
    UpReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN exits.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`Down`](crate::Down).
    ///
    /// It cannot come later:
    ///
    /// ```compile_fail,E0599
    /// let reply = ovpn_plugin::DownReply::Deferred;
    /// ```
    DownReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN exits.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`RouteUp`](crate::RouteUp).
    ///
    /// It cannot come later:
    ///
    /// ```compile_fail,E0599
    /// let reply = ovpn_plugin::RouteUpReply::Deferred;
    /// ```
    RouteUpReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN logs a warning and goes on.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`RoutePredown`](crate::RoutePredown).
    ///
    /// It cannot come later:
    ///
    /// ```compile_fail,E0599
    /// let reply = ovpn_plugin::RoutePredownReply::Deferred;
    /// ```
    RoutePredownReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN exits.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`IpChange`](crate::IpChange).
    ///
    /// It cannot come later:
    ///
    /// ```compile_fail,E0599
    /// let reply = ovpn_plugin::IpChangeReply::Deferred;
    /// ```
    IpChangeReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN logs a warning and goes on.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`TlsVerify`](crate::TlsVerify).
    ///
    /// It cannot come later: only a login or a connecting client can be deferred.
    ///
    /// ```compile_fail,E0599
    /// let reply = ovpn_plugin::TlsVerifyReply::Deferred;
    /// ```
    TlsVerifyReply {
        /// The certificate is fine.
        Accept = PLUGIN_FUNC_SUCCESS,
        /// The peer is refused.
        Reject = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`TlsFinal`](crate::TlsFinal).
    ///
    /// It cannot come later:
    ///
    /// ```compile_fail,E0599
    /// let reply = ovpn_plugin::TlsFinalReply::Deferred;
    /// ```
    TlsFinalReply {
        /// Go on.
        Accept = PLUGIN_FUNC_SUCCESS,
        /// The peer is refused.
        Reject = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`ClientDisconnect`](crate::ClientDisconnect).
    ///
    /// It cannot come later:
    ///
    /// ```compile_fail,E0599
    /// let reply = ovpn_plugin::ClientDisconnectReply::Deferred;
    /// ```
    ClientDisconnectReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN logs a warning and goes on.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`LearnAddress`](crate::LearnAddress).
    ///
    /// It cannot come later:
    ///
    /// ```compile_fail,E0599
    /// let reply = ovpn_plugin::LearnAddressReply::Deferred;
    /// ```
    LearnAddressReply {
        /// The address may be used.
        Accept = PLUGIN_FUNC_SUCCESS,
        /// The address is not learned; means nothing for a deletion.
        Reject = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`ClientCrResponse`](crate::ClientCrResponse).
    ///
    /// It cannot come later:
    ///
    /// ```compile_fail,E0599
    /// let reply = ovpn_plugin::ClientCrResponseReply::Deferred;
    /// ```
    ClientCrResponseReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN logs a warning and goes on.
        Fail = PLUGIN_FUNC_ERROR,
    }
}

codes! {
    /// Reply to [`ClientConnect`](crate::ClientConnect) and [`ClientConnectDefer`](crate::ClientConnectDefer).
    ///
    /// The configuration is in the file; it cannot be part of the reply:
    ///
    /// ```compile_fail,E0618
    /// let reply = ovpn_plugin::ClientConnectReply::Accept(ovpn_plugin::ClientConfig::new());
    /// ```
    ClientConnectReply {
        /// The client may connect, with the configuration in the file.
        Accept = PLUGIN_FUNC_SUCCESS,
        /// The client is refused.
        Reject = PLUGIN_FUNC_ERROR,
        /// Not decided yet (OpenVPN 2.5 and later). Either the plugin takes the event
        /// [`ClientConnectDefer`](crate::ClientConnectDefer), and OpenVPN asks again with it; or the answer comes from
        /// what [`ClientConnect::defer`](crate::ClientConnect::defer) gave. With neither the client is refused and
        /// an error logged, where OpenVPN by itself would let it in.
        Deferred = PLUGIN_FUNC_DEFERRED,
    }
}

impl Deliver<ClientConnect<'_>> for ClientConnectReply {
    fn deliver(self, event: &ClientConnect<'_>, taken: EventSet) -> Answer {
        self.checked(event, taken).into()
    }
}

impl Deliver<ClientConnectDefer<'_>> for ClientConnectReply {
    fn deliver(self, _: &ClientConnectDefer<'_>, _: EventSet) -> Answer {
        self.into()
    }
}

/// Reply to [`AuthUserPassVerify`].
///
/// It belongs to a login and nothing else:
///
/// ```compile_fail,E0308
/// fn tls_verify() -> ovpn_plugin::TlsVerifyReply {
///     ovpn_plugin::AuthReply::Accept
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum AuthReply {
    /// The login is good.
    Accept,
    /// The login is refused. The text in the reason file, if any, goes to the client.
    Reject,
    /// The login is refused, and the client told why, to try again, or to answer a question (OpenVPN 2.6 and later;
    /// before, it is refused without words).
    RejectWith(Rejection),
    /// The verdict comes later, through the value [`AuthUserPassVerify::defer`] gave or in the control file. After
    /// `defer` this and `Pending` are the only replies; any other one rejects, and what `defer` gave is void. OpenVPN
    /// exits if two plugins defer the same login, so do this only if the admin asked for it.
    Deferred,
    /// As `Deferred`, and the client is asked or told something meanwhile (OpenVPN 2.6 and later). Refused with a
    /// line in the log if OpenVPN is older or the client did not announce the method.
    Pending(Pending),
}

impl Deliver<AuthUserPassVerify<'_>> for AuthReply {
    /// Writes what belongs into the files of the login.
    fn deliver(self, event: &AuthUserPassVerify<'_>, _: EventSet) -> Answer {
        let accepted = match self {
            Self::Deferred => return deferred(event),
            Self::Pending(pending) if write_pending(event, &pending) => return deferred(event),
            // Why is in the log.
            Self::Pending(_) => false,
            Self::Accept => answered_directly(&event.taken, "login"),
            Self::Reject => {
                answered_directly(&event.taken, "login");
                false
            }
            Self::RejectWith(rejection) => {
                answered_directly(&event.taken, "login");
                write_reason(event, &rejection);
                false
            }
        };
        Answer::code(if accepted { sys::PLUGIN_FUNC_SUCCESS } else { sys::PLUGIN_FUNC_ERROR })
    }
}

fn deferred(event: &AuthUserPassVerify<'_>) -> Answer {
    let waits = delivered(&event.taken);
    Answer::code(if waits { sys::PLUGIN_FUNC_DEFERRED } else { sys::PLUGIN_FUNC_ERROR })
}

fn write_reason(event: &AuthUserPassVerify<'_>, rejection: &Rejection) {
    let Some(path) = event.auth_failed_reason_file() else { return };
    let text = rejection.text(event.peer_info().takes_temporary());
    if let Err(error) = verdict_file::open(path).and_then(|file| verdict_file::put_reason(&file, text)) {
        logging::warn(format_args!("the reason of a rejection is lost: {}: {error}", path.display()));
    }
}

fn write_pending(event: &AuthUserPassVerify<'_>, pending: &Pending) -> bool {
    let Some(path) = event.auth_pending_file() else {
        logging::error(format_args!("rejected: questions to clients need OpenVPN 2.6"));
        return false;
    };
    if !event.client_supports(pending.method()) {
        logging::warn(format_args!("rejected: the client does not support '{}'", pending.method()));
        write_reason(event, &Rejection::because("this client cannot ask the question that is needed here"));
        return false;
    }
    let written =
        verdict_file::open(path).and_then(|file| verdict_file::put(&file, pending.lines().as_bytes()));
    if let Err(error) = &written {
        logging::error(format_args!("rejected: {}: {error}", path.display()));
    }
    written.is_ok()
}

/// Reply to [`ClientConnectV2`](crate::ClientConnectV2) and [`ClientConnectDeferV2`](crate::ClientConnectDeferV2).
///
/// The configuration is part of it:
///
/// ```compile_fail,E0308
/// fn client_connect_v2() -> ovpn_plugin::ClientConnectV2Reply {
///     ovpn_plugin::ClientConnectV2Reply::Accept
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum ClientConnectV2Reply {
    /// The client may connect, with this configuration.
    Accept(ClientConfig),
    /// The client is refused.
    Reject,
    /// Not decided yet (OpenVPN 2.5 and later): OpenVPN asks again with
    /// [`ClientConnectDeferV2`](crate::ClientConnectDeferV2). If the plugin does not take that event, the client is
    /// refused and an error logged.
    Deferred,
}

impl From<ClientConnectV2Reply> for Answer {
    fn from(reply: ClientConnectV2Reply) -> Self {
        match reply {
            ClientConnectV2Reply::Accept(config) => {
                Self { code: sys::PLUGIN_FUNC_SUCCESS, config: config.into_text() }
            }
            ClientConnectV2Reply::Reject => Self::code(sys::PLUGIN_FUNC_ERROR),
            ClientConnectV2Reply::Deferred => Self::code(sys::PLUGIN_FUNC_DEFERRED),
        }
    }
}

impl Deliver<ClientConnectV2<'_>> for ClientConnectV2Reply {
    fn deliver(self, _: &ClientConnectV2<'_>, taken: EventSet) -> Answer {
        self.checked(taken).into()
    }
}

impl Deliver<ClientConnectDeferV2<'_>> for ClientConnectV2Reply {
    fn deliver(self, _: &ClientConnectDeferV2<'_>, _: EventSet) -> Answer {
        self.into()
    }
}
