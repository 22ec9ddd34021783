//! A client that was deferred must be one that something will decide about.

use crate::{ClientConnect, ClientConnectReply, ClientConnectV2Reply, EventSet, logging};

impl ClientConnectReply {
    /// OpenVPN lets a client in if nobody ever answers: a deferral that nothing will end becomes a refusal.
    pub(crate) fn checked(self, event: &ClientConnect<'_>, taken: EventSet) -> Self {
        let ends = taken.contains(EventSet::CLIENT_CONNECT_DEFER) || event.has_verdict();
        if self != Self::Deferred || ends {
            return self;
        }
        logging::error(format_args!(
            "refused: the plugin deferred a client without ClientConnect::defer or the event CLIENT_CONNECT_DEFER"
        ));
        Self::Reject
    }
}

impl ClientConnectV2Reply {
    /// As [`ClientConnectReply::checked`]; here OpenVPN itself refuses, but says so to nobody who tests a plugin.
    pub(crate) fn checked(self, taken: EventSet) -> Self {
        if self != Self::Deferred || taken.contains(EventSet::CLIENT_CONNECT_DEFER_V2) {
            return self;
        }
        logging::error(format_args!(
            "refused: the plugin deferred a client without the event CLIENT_CONNECT_DEFER_V2"
        ));
        Self::Reject
    }
}
