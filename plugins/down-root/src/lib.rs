//! OpenVPN plugin `down-root`: runs the down script, and others if asked to, as root after OpenVPN has given root up.
//!
//! ```text
//! OpenVPN (front, unprivileged after --user)  --  helper (root)  --  script (root, one at a time)
//!                                                 keeper (root, starts the helper anew)
//! ```
//!
//! Used as `plugin FILE [OPTION=VALUE]... COMMAND [ARG]...`.

// Nothing but the plugin's symbols leaves this crate: `pub` in a module means "for the other modules".
#![allow(unreachable_pub)]

mod config;
mod event;
mod front;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod helper;
mod permissions;
mod protocol;
mod settings;
mod titles;

use ovpn_plugin::{
    ClientConnect, ClientConnectReply, ClientDisconnect, ClientDisconnectReply, Down, DownReply, EventSet,
    IpChange, IpChangeReply, LearnAddress, LearnAddressReply, OpenArgs, Plugin, Result, RoutePredown,
    RoutePredownReply, RouteUp, RouteUpReply, Up, UpReply,
};

use crate::config::Config;
use crate::event::Event;
use crate::front::Front;
use crate::settings::Settings;

/// How many words OpenVPN passes of a `plugin` line, written singly or quoted together; the rest it drops without a
/// message.
const OPENVPN_MAX_WORDS: [usize; 2] = [14, 16];

/// OpenVPN shows debug lines from this `verb` on.
const DEBUG_VERB: u32 = 7;

/// The plugin.
pub struct DownRoot {
    front: Front,
}

#[ovpn_plugin::plugin]
impl Plugin for DownRoot {
    const NAME: &'static str = "DOWN-ROOT";
    // Log watchers know the lines as they are, and they name the client where there is one.
    const LINES_NAME_THE_CLIENT: bool = false;

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let config = Config::parse(args.args())?;
        if OPENVPN_MAX_WORDS.contains(&args.args().count()) {
            let [single, quoted] = OPENVPN_MAX_WORDS;
            lines::startup::line_is_full(single, quoted).log();
        }
        let debug = args.verb().is_none_or(|verb| verb >= DEBUG_VERB);
        let settings = Settings::resolve(config, args.config_name(), debug)?;
        lines::startup::initialized(&settings.command.program).log();
        let front = Front::new(settings, args.env()).map_err(|errno| errno.desc())?;
        Ok(DownRoot { front })
    }

    fn unwanted_events(&self) -> EventSet {
        let wanted =
            self.front.events().fold(EventSet::UP | EventSet::DOWN, |all, event| all | event.in_openvpn());
        EventSet::ALL.without(wanted)
    }

    fn up(&mut self, event: &Up<'_>) -> Result<UpReply> {
        Ok(if self.front.up(event.env(), event.args()) { UpReply::Done } else { UpReply::Fail })
    }

    fn down(&mut self, event: &Down<'_>) -> Result<DownReply> {
        // The command gets the arguments of the configuration, none of OpenVPN's.
        let done = self.front.run(Event::Down, event.env(), std::iter::empty());
        Ok(if done { DownReply::Done } else { DownReply::Fail })
    }

    fn route_up(&mut self, event: &RouteUp<'_>) -> Result<RouteUpReply> {
        let done = self.front.run(Event::RouteUp, event.env(), event.args());
        Ok(if done { RouteUpReply::Done } else { RouteUpReply::Fail })
    }

    fn route_predown(&mut self, event: &RoutePredown<'_>) -> Result<RoutePredownReply> {
        let done = self.front.run(Event::RoutePredown, event.env(), event.args());
        Ok(if done { RoutePredownReply::Done } else { RoutePredownReply::Fail })
    }

    fn ipchange(&mut self, event: &IpChange<'_>) -> Result<IpChangeReply> {
        let done = self.front.run(Event::IpChange, event.env(), event.args());
        Ok(if done { IpChangeReply::Done } else { IpChangeReply::Fail })
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        let done = self.front.client_connect(event.env(), event.config_file());
        Ok(if done { ClientConnectReply::Accept } else { ClientConnectReply::Reject })
    }

    fn client_disconnect(&mut self, event: &ClientDisconnect<'_>) -> Result<ClientDisconnectReply> {
        let done = self.front.run(Event::ClientDisconnect, event.env(), event.args());
        Ok(if done { ClientDisconnectReply::Done } else { ClientDisconnectReply::Fail })
    }

    fn learn_address(&mut self, event: &LearnAddress<'_>) -> Result<LearnAddressReply> {
        let done = self.front.run(Event::LearnAddress, event.env(), event.args());
        Ok(if done { LearnAddressReply::Accept } else { LearnAddressReply::Reject })
    }

    fn abort(&mut self) {
        self.front.abort();
    }
}

ovpn_plugin::export!(DownRoot);
