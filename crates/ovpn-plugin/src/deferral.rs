//! What becomes of a reply where a decision was taken away from the call, and where nothing will ever decide.

use crate::door::Taken;
use crate::{ClientConnect, ClientConnectReply, ClientConnectV2Reply, EventSet, logging};

/// The reply is that the decision comes later: lets a decision that was taken write. Whether OpenVPN may wait for it.
pub(crate) fn delivered(taken: &Taken) -> bool {
    match taken.deliver() {
        Ok(()) => true,
        Err(error) => {
            logging::error(format_args!("rejected: the verdict cannot be written: {error}"));
            false
        }
    }
}

/// The reply decides at once: whether that is all right, which it is not if a decision was taken away.
pub(crate) fn answered_directly(taken: &Taken, what: &str) -> bool {
    if taken.is_taken() {
        logging::error(format_args!("rejected: the handler deferred the {what} and then answered directly"));
    }
    !taken.is_taken()
}

impl ClientConnectReply {
    /// OpenVPN lets a client in if nobody ever answers: a deferral that nothing will end becomes a refusal.
    pub(crate) fn checked(self, event: &ClientConnect<'_>, events: EventSet) -> Self {
        if self != Self::Deferred {
            return if answered_directly(&event.taken, "client") { self } else { Self::Reject };
        }
        if event.taken.is_taken() {
            return if delivered(&event.taken) { self } else { Self::Reject };
        }
        if events.contains(EventSet::CLIENT_CONNECT_DEFER) || event.has_verdict() {
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
