//! The traits a plugin author implements.

use crate::dispatch::unanswered;
use crate::events::all::*;
use crate::replies::*;
use crate::{EventSet, OpenArgs, OpenError};

macro_rules! methods {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:ident:
        $method:ident($event:ident) -> $reply:ident, $else:ident, $failure:literal;)*) => {$(
        $(#[$doc])*
        ///
        #[doc = concat!("If it fails: ", $failure)]
        fn $method(&mut self, event: &$event<'_>) -> $reply {
            let _ = event;
            without_method!($else, $method, $reply)
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

    ovpn_plugin_sys::for_each_event!(methods);

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
