//! One printed line: the case, both answers, and whether that is as the table says.

use std::fmt;

use crate::expected::Expected;

/// A case that was run.
pub struct Row<'a> {
    name: &'a str,
    expected: &'a Expected,
    c: String,
    ours: String,
}

impl<'a> Row<'a> {
    /// Puts the answers beside the case.
    pub fn new(name: &'a str, expected: &'a Expected, c: String, ours: String) -> Self {
        Row { name, expected, c, ours }
    }

    /// What is not as the table says; empty if all is well.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.c != self.expected.c {
            complaints.push(format!("of the C plugin the table says: {}", self.expected.c));
        }
        if self.ours != self.expected.ours {
            complaints.push(format!("of ours the table says: {}", self.expected.ours));
        }
        complaints
    }
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let complaints = self.complaints();
        let remark = match () {
            () if !complaints.is_empty() => format!("WRONG: {}", complaints.join("; ")),
            () if !self.expected.differ() => "same".to_string(),
            () => format!("mends: {}", self.expected.mends),
        };
        write!(f, "{} | C: {} | ours: {} | {remark}", self.name, self.c, self.ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_not_the_expected_one_is_a_complaint() {
        let line = |expected: &Expected, c: &str, ours: &str| {
            Row::new("a case", expected, c.to_string(), ours.to_string()).to_string()
        };
        let same = Expected::same("yes");
        assert_eq!(line(&same, "yes", "yes"), "a case | C: yes | ours: yes | same");
        let differs = Expected::differs("no", "yes", "a defect");
        assert_eq!(line(&differs, "no", "yes"), "a case | C: no | ours: yes | mends: a defect");
        for (c, ours, who) in [
            ("yes", "yes", "of the C plugin the table says: no"),
            ("no", "no", "of ours the table says: yes"),
        ] {
            assert!(line(&differs, c, ours).ends_with(&format!("| WRONG: {who}")));
        }
    }
}
