//! What the table says of both plugins.

use std::time::Duration;

use harness::plugin::Side;

/// How long a run may take that is not known to hang.
const LIMIT: Duration = Duration::from_secs(30);
/// How long the C plugin gets where it hangs for ever.
const HANG_LIMIT: Duration = Duration::from_secs(2);
/// The word for a run that was given up.
pub const NO_ANSWER: &str = "no answer";

/// What each answers, and why they differ.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What the C plugin answers.
    pub c: String,
    /// What ours answers.
    pub ours: String,
    /// The defect that the difference mends; empty when there is none.
    pub mends: &'static str,
    /// How long the C plugin gets; short where it is known to hang.
    c_limit: Duration,
}

impl Default for Expected {
    fn default() -> Self {
        Self::same("")
    }
}

impl Expected {
    /// What both answer.
    pub fn same(answer: &str) -> Self {
        Self::differs(answer, answer, "")
    }

    /// What each answers, and the defect that mends.
    pub fn differs(c: &str, ours: &str, mends: &'static str) -> Self {
        Expected { c: c.to_string(), ours: ours.to_string(), mends, c_limit: LIMIT }
    }

    /// The same where the C plugin hangs for ever.
    pub fn hangs(c: &str, ours: &str, mends: &'static str) -> Self {
        Expected { c_limit: HANG_LIMIT, ..Self::differs(c, ours, mends) }
    }

    /// Whether they are not the same.
    pub fn differ(&self) -> bool {
        self.c != self.ours
    }

    /// How long a plugin gets.
    pub fn limit(&self, side: Side) -> Duration {
        match side {
            Side::C => self.c_limit,
            Side::Ours => LIMIT,
        }
    }
}
