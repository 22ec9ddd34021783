//! What becomes of a reply where a decision was taken away from the call, and where nothing will ever decide.

use std::fmt;
use std::sync::Arc;

use crate::deferred_verdict::{CallSide, TakenDecision};
use crate::{lines, logging};

/// That the decision about a login or a client comes later. [`AuthUserPassVerify::defer`] and [`ClientConnect::defer`] give
/// it along with the decision, and it goes into the reply to the same call: there is no deferred reply without somebody who
/// will decide.
///
/// ```compile_fail,E0308
/// fn nobody_decides() -> ovpn_plugin::Result<ovpn_plugin::AuthReply> {
///     Ok(ovpn_plugin::AuthReply::Deferred)
/// }
/// ```
///
/// In the reply to another call it counts as a rejection.
///
/// [`AuthUserPassVerify::defer`]: crate::AuthUserPassVerify::defer
/// [`ClientConnect::defer`]: crate::ClientConnect::defer
#[must_use = "return it in the reply to the same call, or the decision is void"]
pub struct Deferral(Token);

enum Token {
    /// The call that this decision was taken from.
    Decision(Arc<dyn CallSide>),
    ByHand,
}

impl Deferral {
    /// For a plugin that writes the verdict into OpenVPN's file itself, with whatever it has for that. Nothing sees to it
    /// that there will be one: a client that waits for none is refused only when OpenVPN's `hand-window` is over.
    ///
    /// For [`ClientConnect`](crate::ClientConnect) something must be in the file already, such as `2` (not yet): OpenVPN
    /// lets a client in where it finds the file empty.
    pub fn by_hand() -> Self {
        Self(Token::ByHand)
    }

    pub(crate) fn of(call_side: Arc<dyn CallSide>) -> Self {
        Self(Token::Decision(call_side))
    }

    /// The reply is that the decision comes later: lets it write. Whether OpenVPN may wait for it. `by_hand`: whether it
    /// may where the plugin writes itself.
    pub(crate) fn deliver(&self, taken: &TakenDecision, by_hand: impl FnOnce() -> bool) -> bool {
        let of_this_call = match &self.0 {
            Token::Decision(call_side) => taken.is(call_side),
            Token::ByHand if taken.is_taken() => false,
            Token::ByHand => return by_hand(),
        };
        if !of_this_call {
            logging::say(lines::deferral_of_another_call());
            return false;
        }
        match taken.deliver() {
            Ok(()) => true,
            Err(error) => {
                logging::say(lines::deferred_unwritable(error));
                false
            }
        }
    }
}

impl PartialEq for Deferral {
    /// Whether both are of the same call.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Token::Decision(one), Token::Decision(other)) => Arc::ptr_eq(one, other),
            (Token::ByHand, Token::ByHand) => true,
            _ => false,
        }
    }
}

impl Eq for Deferral {}

impl fmt::Debug for Deferral {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by_hand = matches!(self.0, Token::ByHand);
        out.debug_struct("Deferral").field("by_hand", &by_hand).finish_non_exhaustive()
    }
}

/// The reply decides at once: whether that is all right, which it is not if a decision was taken away.
pub(crate) fn answered_directly(taken: &TakenDecision, what: &str) -> bool {
    if taken.is_taken() {
        logging::say(lines::deferred_and_answered(what));
    }
    !taken.is_taken()
}
