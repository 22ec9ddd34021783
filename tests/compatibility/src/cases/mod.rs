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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_difference_names_what_it_mends_and_nothing_else_does() {
        for case in all() {
            assert_eq!(case.c == case.ours, case.mends.is_empty(), "{}", case.name);
            assert!(!case.c.is_empty() && !case.ours.is_empty(), "{}", case.name);
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names = HashSet::new();
        for case in all() {
            assert!(names.insert(case.name), "{}", case.name);
        }
    }
}
