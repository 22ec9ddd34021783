//! The rows, by topic.

mod login;
mod size;
mod start;

use crate::row::Spec;

/// Every row, in the order it is measured and printed.
pub(crate) fn all() -> Vec<Spec> {
    [login::rows(), start::rows(), size::rows()].into_iter().flatten().collect()
}
