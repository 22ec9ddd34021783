//! The traits a plugin author implements.

use crate::dispatch::unanswered;
use crate::events::all::*;
use crate::replies::*;
use crate::{EventSet, OpenArgs, Result};

macro_rules! methods {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:ident:
        $method:ident($event:ident) -> $reply:ident, $else:ident, $failure:literal;)*) => {$(
        $(#[$doc])*
        ///
        #[doc = concat!("If it fails: ", $failure)]
        ///
        /// # Errors
        /// Whatever keeps the plugin from answering: it is logged with the client, and the event fails.
        fn $method(&mut self, event: &$event<'_>) -> Result<$reply> {
            let _ = event;
            Ok(without_method!($else, $method, $reply))
        }
    )*};
}

macro_rules! without_method {
    (done, $method:ident, $reply:ident) => {
        $reply::Done
    };
    (reject, $method:ident, $reply:ident) => {{
        unanswered(stringify!($method));
        $reply::Reject
    }};
}

/// A plugin: made at open, asked once per event, dropped at close.
///
/// The attribute [`#[ovpn_plugin::plugin]`](macro@crate::plugin) on the impl finds out which events there are methods for: those
/// are the events OpenVPN passes. If OpenVPN lacks one of them, it refuses to start
/// ([`MissingEvents`](crate::MissingEvents)). `#[optional]` on a method: the plugin does without that event where OpenVPN does not have it.
///
/// ```
/// use ovpn_plugin::{AuthReply, AuthUserPassVerify, ClientCrResponse, ClientCrResponseReply, OpenArgs, Plugin, Result};
///
/// struct Mine;
///
/// #[ovpn_plugin::plugin]
/// impl Plugin for Mine {
///     const NAME: &'static str = "MINE";
///
///     fn open(_: &OpenArgs<'_>) -> Result<Self> {
///         Ok(Self)
///     }
///
///     fn auth_user_pass_verify(&mut self, _: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
///         Ok(AuthReply::Accept)
///     }
///
///     /// OpenVPN before 2.6 does not have it.
///     #[optional]
///     fn client_crresponse(&mut self, _: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
///         Ok(ClientCrResponseReply::Done)
///     }
/// }
/// ```
///
/// Without the attribute the impl does not compile:
///
/// ```compile_fail,E0046
/// # use ovpn_plugin::{OpenArgs, Plugin, Result};
/// # struct Mine;
/// impl Plugin for Mine {
///     const NAME: &'static str = "MINE";
///
///     fn open(_: &OpenArgs<'_>) -> Result<Self> {
///         Ok(Self)
///     }
/// }
/// ```
///
/// OpenVPN calls from one thread, one call at a time, and stands still meanwhile. Its state survives SIGUSR1; SIGHUP
/// closes and opens the plugin. After an error or a panic in one of these methods OpenVPN gets a failure of the event, and
/// the plugin stays in use.
pub trait Plugin: Sized + 'static {
    /// The plugin's name in OpenVPN's log (`PLUGIN NAME: text`): 1 to 64 ASCII characters, neither `%` nor blanks.
    /// Another name does not build:
    ///
    /// ```compile_fail,E0080
    /// # use ovpn_plugin::{OpenArgs, Plugin, Result, Up, UpReply};
    /// # struct Mine;
    /// # #[ovpn_plugin::plugin]
    /// # impl Plugin for Mine {
    /// const NAME: &'static str = "100%";
    /// #     fn open(_: &OpenArgs<'_>) -> Result<Self> { Ok(Mine) }
    /// #     fn up(&mut self, _: &Up<'_>) -> Result<UpReply> { Ok(UpReply::Done) }
    /// # }
    /// # ovpn_plugin::export!(Mine);
    /// ```
    const NAME: &'static str;

    /// Whether what the plugin logs in an event of a client, or in a job of it, begins with the client's name, as OpenVPN's own
    /// lines do: `joe/192.0.2.2:4711`. Not for a plugin whose lines name the client themselves.
    const LINES_NAME_THE_CLIENT: bool = true;

    /// The events of the methods, needed and optional; the attribute `#[ovpn_plugin::plugin]` writes it.
    #[doc(hidden)]
    const ADD_THE_ATTRIBUTE_OVPN_PLUGIN_PLUGIN: (i32, i32);

    /// Opens the plugin, by default still as root and before the tunnel device is opened; see
    /// [`InitPoint`](crate::InitPoint). At SIGHUP it is opened anew by an OpenVPN that may have given root up and be in a
    /// `chroot` since, and perhaps in the same code with its old statics: keep state in fields, see
    /// [`guide::restarts`](crate::guide::restarts). No place to start threads: they do not survive the fork by which OpenVPN becomes a daemon, and at
    /// which init points that is still to come differs. That is what [`Plugin::start`] is for.
    ///
    /// # Errors
    /// Whatever keeps the plugin from working: OpenVPN logs it and refuses to start.
    fn open(args: &OpenArgs<'_>) -> Result<Self>;

    /// Events for which there is a method and which the plugin does without this time, as its `plugin` line says. Asked
    /// once, after `open`.
    fn unwanted_events(&self) -> EventSet {
        EventSet::NONE
    }

    /// Runs once, right before the first event: whatever the init point, OpenVPN has become a daemon then, and forks no
    /// more. The place to start threads, best with [`Tasks`](crate::Tasks); those started in `open` do not survive
    /// `--daemon`.
    ///
    /// # Errors
    /// Whatever keeps the plugin from working: it is logged, the event fails, and the next one tries again.
    fn start(&mut self) -> Result<()> {
        Ok(())
    }

    ovpn_plugin_sys::for_each_event!(methods);

    /// OpenVPN is about to die of a fatal error; `close` will not come.
    fn abort(&mut self) {}
}

/// State for each client. [`export!`](crate::export!) finds out whether a plugin has it.
///
/// Events give access to it with their method `client::<MyPlugin>()`. OpenVPN makes one more for the server itself,
/// which the events of no client (up, down) have.
pub trait ClientState: Plugin {
    /// What is kept for a client, from its first packet until it is gone.
    type State: 'static;

    /// Makes the state of a new client, which has not authenticated yet. If this panics, the client has none.
    fn new_client(&mut self) -> Self::State;
}
