//! How far a client came, as the events of this plugin and its own answers tell. OpenVPN says it to nobody, but passes the
//! end of a client also if it was refused.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};

use ovpn_plugin_sys as sys;

use crate::EventSet;
use crate::events::Context;

/// What is known of one client. Written by OpenVPN's thread, but for `decided`.
#[derive(Debug)]
pub(crate) struct ConnectProgress {
    /// The events OpenVPN passes to the plugin.
    events: EventSet,
    asked_by_file: AtomicBool,
    asked_by_list: AtomicBool,
    /// By a reply.
    refused: AtomicBool,
    /// By a decision that was deferred, perhaps in another thread.
    decided: AtomicBool,
    learned: AtomicBool,
}

impl ConnectProgress {
    pub(crate) fn new(events: EventSet) -> Self {
        let not = || AtomicBool::new(false);
        Self {
            events,
            asked_by_file: not(),
            asked_by_list: not(),
            refused: not(),
            decided: not(),
            learned: not(),
        }
    }

    /// An event of the client is about to be answered. What returns is for [`ConnectProgress::after`].
    pub(crate) fn before(&self, event: c_int, context: &Context<'_>) -> bool {
        let set = |flag: &AtomicBool| flag.store(true, Ordering::Relaxed);
        match event {
            sys::PLUGIN_CLIENT_CONNECT => set(&self.asked_by_file),
            sys::PLUGIN_CLIENT_CONNECT_V2 => set(&self.asked_by_list),
            sys::PLUGIN_CLIENT_CONNECT_DEFER | sys::PLUGIN_CLIENT_CONNECT_DEFER_V2 => {}
            sys::PLUGIN_LEARN_ADDRESS if context.word(0) != Some("delete") => {
                set(&self.learned);
                return false;
            }
            _ => return false,
        }
        // Unless an answer says otherwise: there is none after a panic.
        self.refused.swap(true, Ordering::Relaxed)
    }

    /// The event was answered with this code.
    pub(crate) fn after(&self, event: c_int, refused_before: bool, code: c_int) {
        let is_connect = [
            sys::PLUGIN_CLIENT_CONNECT,
            sys::PLUGIN_CLIENT_CONNECT_V2,
            sys::PLUGIN_CLIENT_CONNECT_DEFER,
            sys::PLUGIN_CLIENT_CONNECT_DEFER_V2,
        ]
        .contains(&event);
        if is_connect && code != sys::PLUGIN_FUNC_ERROR {
            self.refused.store(refused_before, Ordering::Relaxed);
        }
    }

    /// A decision that was deferred refuses the client.
    pub(crate) fn decided_against(&self) {
        self.decided.store(true, Ordering::Relaxed);
    }

    /// At the client's end: whether nothing says that it was refused.
    pub(crate) fn was_let_in(&self, context: &Context<'_>) -> bool {
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let asked = |event, asked| !self.events.contains(event) || is(asked);
        // A client that is let in with an address has it learned at once. On a tap device that comes with the first packet.
        let learns = self.events.contains(EventSet::LEARN_ADDRESS)
            && context.env.get("dev_type") == Some(b"tun")
            && context.env.get("ifconfig_pool_remote_ip").is_some();
        !is(&self.refused)
            && !is(&self.decided)
            && asked(EventSet::CLIENT_CONNECT, &self.asked_by_file)
            && asked(EventSet::CLIENT_CONNECT_V2, &self.asked_by_list)
            && (!learns || is(&self.learned))
    }
}
