//! One printed line: the case, both answers, and whether that is as the table says.

use crate::case::Case;
use std::fmt;

/// A case that was run.
pub struct Row<'a> {
    case: &'a Case,
    c: String,
    ours: String,
}

impl<'a> Row<'a> {
    /// Puts the answers beside the case.
    pub fn new(case: &'a Case, c: String, ours: String) -> Self {
        Row { case, c, ours }
    }

    /// What is not as the table says; empty if all is well.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.c != self.case.c {
            complaints.push(format!("of the C plugin the table says: {}", self.case.c));
        }
        if self.ours != self.case.ours {
            complaints.push(format!("of ours the table says: {}", self.case.ours));
        }
        complaints
    }
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let complaints = self.complaints();
        let remark = match () {
            () if !complaints.is_empty() => format!("WRONG: {}", complaints.join("; ")),
            () if self.c == self.ours => "same".to_string(),
            () => format!("mends: {}", self.case.mends),
        };
        write!(f, "{} | C: {} | ours: {} | {remark}", self.case.name, self.c, self.ours)
    }
}
