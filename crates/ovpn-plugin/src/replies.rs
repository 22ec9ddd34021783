//! The replies to each event, one type each: a reply OpenVPN would not understand does not compile.

use std::error::Error;
use std::ffi::c_int;

use ovpn_plugin_sys as sys;

use crate::answer_in::log_rejection;
use crate::deferral::answered_directly;
use crate::dispatch::{Deliver, HostReply};
use crate::events::all::*;
use crate::{ClientConfig, Deferral, EventSet, Pending, Rejection, Result, lines, logging, verdict_file};

macro_rules! replies {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[must_use]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl<E> Deliver<E> for $name {
            fn deliver(self, _: &E, _: EventSet) -> HostReply {
                HostReply::code(match self {
                    $(Self::$variant => sys::$code,)*
                })
            }
        }
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

/// Reply to [`ClientConnect`] and [`ClientConnectDefer`].
///
/// The configuration is in the file; it cannot be part of the reply:
///
/// ```compile_fail,E0618
/// let reply = ovpn_plugin::ClientConnectReply::Accept(ovpn_plugin::ClientConfig::new());
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum ClientConnectReply {
    /// The client may connect, with the configuration in the file.
    Accept,
    /// The client is refused.
    Reject,
    /// The answer comes from what [`ClientConnect::defer`] gave along with this token (OpenVPN 2.5 and later). No reply to
    /// [`ClientConnectDefer`].
    Deferred(Deferral),
    /// Not decided yet: OpenVPN asks again, with [`ClientConnectDefer`] (OpenVPN 2.5 and later). If the plugin does not take
    /// that event, the client is refused and an error logged, where OpenVPN by itself would let it in.
    AskAgain,
}

impl Deliver<ClientConnect<'_>> for ClientConnectReply {
    fn deliver(self, event: &ClientConnect<'_>, taken: EventSet) -> HostReply {
        let decided = !matches!(self, Self::Deferred(_));
        if decided && !answered_directly(&event.taken, "client") {
            return HostReply::code(sys::PLUGIN_FUNC_ERROR);
        }
        HostReply::code(match self {
            Self::Accept => sys::PLUGIN_FUNC_SUCCESS,
            Self::Reject => sys::PLUGIN_FUNC_ERROR,
            Self::Deferred(deferral) if deferral.deliver(&event.taken, || is_written_by_hand(event)) => {
                sys::PLUGIN_FUNC_DEFERRED
            }
            Self::Deferred(_) => sys::PLUGIN_FUNC_ERROR,
            Self::AskAgain => asked_again(taken, EventSet::CLIENT_CONNECT_DEFER, "client_connect_defer"),
        })
    }
}

impl Deliver<ClientConnectDefer<'_>> for ClientConnectReply {
    fn deliver(self, _: &ClientConnectDefer<'_>, _: EventSet) -> HostReply {
        HostReply::code(match self {
            Self::Accept => sys::PLUGIN_FUNC_SUCCESS,
            Self::Reject => sys::PLUGIN_FUNC_ERROR,
            Self::AskAgain => sys::PLUGIN_FUNC_DEFERRED,
            Self::Deferred(_) => {
                logging::say(lines::deferred_again());
                sys::PLUGIN_FUNC_ERROR
            }
        })
    }
}

/// OpenVPN lets a client in if nobody ever answers: a deferral that nothing will end becomes a refusal.
fn is_written_by_hand(event: &ClientConnect<'_>) -> bool {
    let written = event.has_verdict();
    if !written {
        logging::say(lines::deferred_by_nobody());
    }
    written
}

/// The code for a reply that wants this event to come, which has this method.
fn asked_again(taken: EventSet, event: EventSet, method: &str) -> c_int {
    if taken.contains(event) {
        return sys::PLUGIN_FUNC_DEFERRED;
    }
    logging::say(lines::nobody_to_ask_again(event, method));
    sys::PLUGIN_FUNC_ERROR
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
#[derive(Debug, PartialEq, Eq)]
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
    /// The verdict comes later, from what [`AuthUserPassVerify::defer`] gave along with this token. After `defer` this and
    /// `Pending` are the only replies; any other one rejects, and the decision is void. OpenVPN exits if two plugins defer
    /// the same login, so do this only if the admin asked for it.
    Deferred(Deferral),
    /// As `Deferred`, and the client is asked or told something meanwhile (OpenVPN 2.6 and later). Refused with a
    /// line in the log if OpenVPN is older or the client did not announce the method.
    Pending(Pending, Deferral),
}

impl Deliver<AuthUserPassVerify<'_>> for AuthReply {
    /// Writes what belongs into the files of the login.
    fn deliver(self, event: &AuthUserPassVerify<'_>, taken: EventSet) -> HostReply {
        let accepted = match self {
            Self::Deferred(deferral) => return deferred(event, &deferral),
            Self::Pending(pending, deferral) if write_pending(event, &pending) => {
                if pending.question().is_some() && !taken.contains(EventSet::CLIENT_CRRESPONSE) {
                    logging::say(lines::nobody_takes_the_answer());
                }
                return deferred(event, &deferral);
            }
            // Why is in the log.
            Self::Pending(..) => false,
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
        HostReply::code(if accepted { sys::PLUGIN_FUNC_SUCCESS } else { sys::PLUGIN_FUNC_ERROR })
    }

    fn from_error(error: Box<dyn Error + Send + Sync>) -> Result<Self> {
        error.downcast::<Rejection>().map(|rejection| {
            log_rejection(&rejection);
            Self::RejectWith(*rejection)
        })
    }
}

fn deferred(event: &AuthUserPassVerify<'_>, deferral: &Deferral) -> HostReply {
    let waits = deferral.deliver(&event.taken, || true);
    HostReply::code(if waits { sys::PLUGIN_FUNC_DEFERRED } else { sys::PLUGIN_FUNC_ERROR })
}

fn write_reason(event: &AuthUserPassVerify<'_>, rejection: &Rejection) {
    let Some(path) = event.auth_failed_reason_file() else { return };
    let text = rejection.text(event.peer_info().takes_temporary());
    if let Err(error) = verdict_file::open(path).and_then(|file| verdict_file::put_reason(&file, text)) {
        logging::say(lines::reason_lost(format_args!("{}: {error}", path.display())));
    }
}

fn write_pending(event: &AuthUserPassVerify<'_>, pending: &Pending) -> bool {
    let Some(path) = event.auth_pending_file() else {
        logging::say(lines::no_questions());
        return false;
    };
    if !event.client_supports(pending.method()) {
        logging::say(lines::client_cannot_be_asked(pending.method()));
        write_reason(event, &Rejection::because("this client cannot ask the question that is needed here"));
        return false;
    }
    let written =
        verdict_file::open(path).and_then(|file| verdict_file::put(&file, pending.lines().as_bytes()));
    if let Err(error) = &written {
        logging::say(lines::question_unwritable(path.display(), error));
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
    /// Not decided yet (OpenVPN 2.5 and later): OpenVPN asks again with [`ClientConnectDeferV2`]. If the plugin does not
    /// take that event, the client is refused and an error logged.
    AskAgain,
}

impl ClientConnectV2Reply {
    fn answer(self, again: impl FnOnce() -> c_int) -> HostReply {
        match self {
            Self::Accept(config) => HostReply { code: sys::PLUGIN_FUNC_SUCCESS, config: config.into_text() },
            Self::Reject => HostReply::code(sys::PLUGIN_FUNC_ERROR),
            Self::AskAgain => HostReply::code(again()),
        }
    }
}

impl Deliver<ClientConnectV2<'_>> for ClientConnectV2Reply {
    fn deliver(self, _: &ClientConnectV2<'_>, taken: EventSet) -> HostReply {
        self.answer(|| asked_again(taken, EventSet::CLIENT_CONNECT_DEFER_V2, "client_connect_defer_v2"))
    }
}

impl Deliver<ClientConnectDeferV2<'_>> for ClientConnectV2Reply {
    fn deliver(self, _: &ClientConnectDeferV2<'_>, _: EventSet) -> HostReply {
        self.answer(|| sys::PLUGIN_FUNC_DEFERRED)
    }
}
