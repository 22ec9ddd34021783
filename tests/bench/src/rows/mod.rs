//! The rows, by topic.

mod burst;
mod clients;
mod down_root;
mod login;
mod long;
mod questions;
mod sessions;
mod size;
mod start;

use crate::row::Group;

/// Every group, in the order it is measured and printed.
pub(crate) fn all() -> Vec<Group> {
    [
        login::groups(),
        start::groups(),
        size::groups(),
        burst::groups(),
        clients::groups(),
        questions::groups(),
        sessions::groups(),
        long::groups(),
        down_root::groups(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
