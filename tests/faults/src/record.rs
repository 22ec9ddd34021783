//! What is kept of all runs: a text file with one finding on a line.

use std::fs;
use std::path::PathBuf;

use harness::generated;

use crate::judge::Outcome;

/// The runs of one kind: a call of a process that has failed with this error, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kept {
    pub(crate) role: String,
    pub(crate) call: String,
    pub(crate) outcome: String,
    /// A line of the log that tells of it, as it is declared.
    pub(crate) line: String,
    pub(crate) error: String,
    pub(crate) runs: usize,
}

/// All that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// The day, and the kernel.
    pub(crate) made: String,
    pub(crate) kept: Vec<Kept>,
}

impl Record {
    /// What is there.
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(file()).unwrap_or_else(|error| panic!("{}: {error}", file().display()));
        Self::parse(&text)
    }

    /// Takes the place of what is there.
    pub(crate) fn write(&self) {
        let written = fs::write(file(), self.text());
        written.unwrap_or_else(|error| panic!("{}: {error}", file().display()));
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.made);
        for Kept { role, call, outcome, line, error, runs } in &self.kept {
            text += &format!("{role}\t{call}\t{error}\t{outcome}\t{runs}\t{line}\n");
        }
        text
    }

    /// The gravest that has come of this call of this process, when it failed by this error.
    pub(crate) fn gravest(&self, role: &str, call: &str, error: &str) -> Option<Outcome> {
        let same = |kept: &&Kept| kept.role == role && kept.call == call && kept.error == error;
        self.kept.iter().filter(same).filter_map(|kept| Outcome::named(&kept.outcome)).max()
    }

    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let made = lines.next().unwrap_or_default().to_owned();
        let kept = lines.map(|line| {
            let parts: Vec<&str> = line.splitn(6, '\t').collect();
            let [role, call, error, outcome, runs, line] = parts[..] else {
                panic!("'{line}' is no finding")
            };
            let [role, call, error, outcome, line] = [role, call, error, outcome, line].map(str::to_owned);
            Kept { role, call, outcome, line, error, runs: runs.parse().unwrap_or(0) }
        });
        Record { made, kept: kept.collect() }
    }
}

fn file() -> PathBuf {
    generated::root().join("tests/faults/results.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let kept = |line: &str| Kept {
            role: "front".into(),
            call: "read".into(),
            outcome: "as without it".into(),
            line: line.into(),
            error: "EIO".into(),
            runs: 3,
        };
        let record = Record { made: "one day".into(), kept: vec![kept(""), kept("a\tb {reason}")] };
        assert_eq!(Record::parse(&record.text()), record);
    }
}
