//! The table, by topic.

mod deferred;
mod faults;
mod length;
mod life;
mod messages;
mod otp;
mod pair_names;
mod pair_values;
mod stacks;
mod start;

use crate::case::Case;

/// Every case, in the order it is run and printed.
pub fn all() -> Vec<Case> {
    [
        start::cases(),
        stacks::cases(),
        pair_names::cases(),
        pair_values::cases(),
        otp::cases(),
        messages::cases(),
        length::cases(),
        deferred::cases(),
        faults::cases(),
        life::cases(),
    ]
    .concat()
}
