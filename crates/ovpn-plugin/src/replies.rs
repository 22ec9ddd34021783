//! The replies to each event, one type each: a reply OpenVPN would not understand does not compile.

use ovpn_plugin_sys as sys;

use crate::ClientConfig;
use crate::dispatch::Answer;

macro_rules! replies {
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

replies! {
    /// Reply to [`Up`](crate::Up).
    UpReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN exits.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`Down`](crate::Down).
    DownReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN exits.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`RouteUp`](crate::RouteUp).
    RouteUpReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN logs a warning and goes on.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`RoutePredown`](crate::RoutePredown).
    RoutePredownReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN exits.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`IpChange`](crate::IpChange).
    IpChangeReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN logs a warning and goes on.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`TlsVerify`](crate::TlsVerify).
    TlsVerifyReply {
        /// The certificate is fine.
        Accept = PLUGIN_FUNC_SUCCESS,
        /// The peer is refused.
        Reject = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`AuthUserPassVerify`](crate::AuthUserPassVerify).
    ///
    /// ```compile_fail,E0599
    /// // Only a login or a connecting client can be deferred.
    /// let reply = ovpn_plugin::TlsVerifyReply::Deferred;
    /// ```
    AuthReply {
        /// The login is good.
        Accept = PLUGIN_FUNC_SUCCESS,
        /// The login is refused. The text in the reason file, if any, goes to the client.
        Reject = PLUGIN_FUNC_ERROR,
        /// The verdict comes in the control file. OpenVPN exits if two plugins defer the same login, so do this
        /// only if the admin asked for it.
        Deferred = PLUGIN_FUNC_DEFERRED,
    }
    /// Reply to [`TlsFinal`](crate::TlsFinal).
    TlsFinalReply {
        /// Go on.
        Accept = PLUGIN_FUNC_SUCCESS,
        /// The peer is refused.
        Reject = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`ClientConnect`](crate::ClientConnect) and [`ClientConnectDefer`](crate::ClientConnectDefer).
    ClientConnectReply {
        /// The client may connect, with the configuration in the file.
        Accept = PLUGIN_FUNC_SUCCESS,
        /// The client is refused.
        Reject = PLUGIN_FUNC_ERROR,
        /// Not decided yet (OpenVPN 2.5 and later): OpenVPN asks again with
        /// [`ClientConnectDefer`](crate::ClientConnectDefer) if the plugin takes that event. If it does not, `2` must
        /// be in the [deferred file](crate::ClientConnect::deferred_file) before this reply: OpenVPN lets the client
        /// in when it finds that file empty.
        Deferred = PLUGIN_FUNC_DEFERRED,
    }
    /// Reply to [`ClientDisconnect`](crate::ClientDisconnect).
    ClientDisconnectReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN logs a warning and goes on.
        Fail = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`LearnAddress`](crate::LearnAddress).
    LearnAddressReply {
        /// The address may be used.
        Accept = PLUGIN_FUNC_SUCCESS,
        /// The address is not learned; means nothing for a deletion.
        Reject = PLUGIN_FUNC_ERROR,
    }
    /// Reply to [`ClientCrResponse`](crate::ClientCrResponse).
    ClientCrResponseReply {
        /// Go on.
        Done = PLUGIN_FUNC_SUCCESS,
        /// OpenVPN logs a warning and goes on.
        Fail = PLUGIN_FUNC_ERROR,
    }
}

/// Reply to [`ClientConnectV2`](crate::ClientConnectV2) and [`ClientConnectDeferV2`](crate::ClientConnectDeferV2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum ClientConnectV2Reply {
    /// The client may connect, with this configuration.
    Accept(ClientConfig),
    /// The client is refused.
    Reject,
    /// Not decided yet (OpenVPN 2.5 and later): OpenVPN asks again with
    /// [`ClientConnectDeferV2`](crate::ClientConnectDeferV2), which the plugin must take, or the client is refused.
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
