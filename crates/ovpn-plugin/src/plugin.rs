//! The traits a plugin author implements.

use crate::dispatch::unanswered;
use crate::{
    AuthReply, AuthUserPassVerify, ClientConnect, ClientConnectDefer, ClientConnectDeferV2,
    ClientConnectReply, ClientConnectV2, ClientConnectV2Reply, ClientCrResponse, ClientCrResponseReply,
    ClientDisconnect, ClientDisconnectReply, Down, DownReply, EventSet, IpChange, IpChangeReply,
    LearnAddress, LearnAddressReply, OpenArgs, OpenError, RoutePredown, RoutePredownReply, RouteUp,
    RouteUpReply, TlsFinal, TlsFinalReply, TlsVerify, TlsVerifyReply, Up, UpReply,
};

/// A plugin: made at open, asked once per event, dropped at close.
///
/// OpenVPN calls from one thread, one call at a time, and stands still meanwhile. Its state survives SIGUSR1; SIGHUP
/// closes and opens the plugin. After a panic in one of these methods OpenVPN is told that the event failed, and the
/// plugin stays in use.
///
/// The methods of events that decide something (a certificate, a login, an address, a client) reject and log an error
/// unless implemented; the others succeed.
pub trait Plugin: Sized + 'static {
    /// The plugin's name in OpenVPN's log (`PLUGIN NAME: text`): 1 to 64 ASCII characters, neither `%` nor blanks.
    /// Another name does not build:
    ///
    /// ```compile_fail,E0080
    /// # use ovpn_plugin::{EventSet, OpenArgs, OpenError, Plugin};
    /// # struct Mine;
    /// # impl Plugin for Mine {
    /// const NAME: &'static str = "100%";
    /// #     fn open(_: &OpenArgs<'_>) -> Result<Self, OpenError> { Ok(Mine) }
    /// #     fn events(&self) -> EventSet { EventSet::UP }
    /// # }
    /// # ovpn_plugin::export!(Mine);
    /// ```
    const NAME: &'static str;

    /// Opens the plugin, by default still as root and before the tunnel device is opened; see
    /// [`InitPoint`](crate::InitPoint). At SIGHUP it is opened anew by an OpenVPN that may have given root up and be in a
    /// `chroot` since. No place to start threads: they do not survive the fork by which OpenVPN becomes a daemon, and at
    /// which init points that is still to come differs. That is what [`Plugin::start`] is for.
    ///
    /// # Errors
    /// Whatever keeps the plugin from working: OpenVPN logs it and refuses to start.
    fn open(args: &OpenArgs<'_>) -> Result<Self, OpenError>;

    /// The events the plugin cannot do without; if OpenVPN lacks one, it refuses to start. Asked once, after `open`.
    fn events(&self) -> EventSet;

    /// Further events, wanted where OpenVPN has them. Asked once, after `open`.
    fn optional_events(&self) -> EventSet {
        EventSet::NONE
    }

    /// Runs once, right before the first event: whatever the init point, OpenVPN has become a daemon then, and forks no
    /// more. The place to start threads, best with [`Tasks`](crate::Tasks); those started in `open` do not survive
    /// `--daemon`.
    ///
    /// # Errors
    /// Whatever keeps the plugin from working: it is logged, the event fails, and the next one tries again.
    fn start(&mut self) -> Result<(), OpenError> {
        Ok(())
    }

    /// The tunnel device is open. A failure ends OpenVPN.
    fn up(&mut self, event: &Up<'_>) -> UpReply {
        let _ = event;
        UpReply::Done
    }

    /// The tunnel device was closed. A failure ends OpenVPN.
    fn down(&mut self, event: &Down<'_>) -> DownReply {
        let _ = event;
        DownReply::Done
    }

    /// Routes were added.
    fn route_up(&mut self, event: &RouteUp<'_>) -> RouteUpReply {
        let _ = event;
        RouteUpReply::Done
    }

    /// Routes are about to be removed.
    fn route_predown(&mut self, event: &RoutePredown<'_>) -> RoutePredownReply {
        let _ = event;
        RoutePredownReply::Done
    }

    /// The peer's address became known or changed.
    fn ipchange(&mut self, event: &IpChange<'_>) -> IpChangeReply {
        let _ = event;
        IpChangeReply::Done
    }

    /// A certificate of the peer's chain is to be judged; called for each, the authority's first.
    fn tls_verify(&mut self, event: &TlsVerify<'_>) -> TlsVerifyReply {
        let _ = event;
        unanswered("tls_verify");
        TlsVerifyReply::Reject
    }

    /// A username and password are to be judged.
    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> AuthReply {
        let _ = event;
        unanswered("auth_user_pass_verify");
        AuthReply::Reject
    }

    /// The TLS negotiation is complete.
    fn tls_final(&mut self, event: &TlsFinal<'_>) -> TlsFinalReply {
        let _ = event;
        unanswered("tls_final");
        TlsFinalReply::Reject
    }

    /// A client connects; its configuration goes into a file.
    fn client_connect(&mut self, event: &ClientConnect<'_>) -> ClientConnectReply {
        let _ = event;
        unanswered("client_connect");
        ClientConnectReply::Reject
    }

    /// A client connects; its configuration is part of the reply.
    fn client_connect_v2(&mut self, event: &ClientConnectV2<'_>) -> ClientConnectV2Reply {
        let _ = event;
        unanswered("client_connect_v2");
        ClientConnectV2Reply::Reject
    }

    /// The result of a `client_connect` that was deferred is asked for, again and again (OpenVPN 2.5 and later).
    fn client_connect_defer(&mut self, event: &ClientConnectDefer<'_>) -> ClientConnectReply {
        let _ = event;
        unanswered("client_connect_defer");
        ClientConnectReply::Reject
    }

    /// The result of a `client_connect_v2` that was deferred is asked for, again and again (OpenVPN 2.5 and later).
    fn client_connect_defer_v2(&mut self, event: &ClientConnectDeferV2<'_>) -> ClientConnectV2Reply {
        let _ = event;
        unanswered("client_connect_defer_v2");
        ClientConnectV2Reply::Reject
    }

    /// A client left.
    fn client_disconnect(&mut self, event: &ClientDisconnect<'_>) -> ClientDisconnectReply {
        let _ = event;
        ClientDisconnectReply::Done
    }

    /// An address was learned, changed or forgotten.
    fn learn_address(&mut self, event: &LearnAddress<'_>) -> LearnAddressReply {
        let _ = event;
        unanswered("learn_address");
        LearnAddressReply::Reject
    }

    /// A client answered a challenge (OpenVPN 2.6 and later). The verdict goes to the control file of its login.
    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> ClientCrResponseReply {
        let _ = event;
        ClientCrResponseReply::Done
    }

    /// OpenVPN is about to die of a fatal error; `close` will not come.
    fn abort(&mut self) {}
}

/// State for each client, for plugins exported with `export!(MyPlugin, client_state)`.
///
/// Events give access to it with their method `client::<MyPlugin>()`. OpenVPN makes one more for the server itself,
/// which the events of no client (up, down) have.
pub trait ClientState: Plugin {
    /// What is kept for a client, from its first packet until it is gone.
    type State: 'static;

    /// Makes the state of a new client, which has not authenticated yet. If this panics, the client has none.
    fn new_client(&mut self) -> Self::State;
}
