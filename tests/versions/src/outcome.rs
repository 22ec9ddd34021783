//! What came of a run, as `tests/suites` and the skipped tests' notes tell it.

use std::fmt;

/// Test programs with how many tests have passed, and what was left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) suites: Vec<Suite>,
    pub(crate) skipped: Vec<Skipped>,
    failed: Vec<String>,
}

/// A test program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Suite {
    pub(crate) package: String,
    pub(crate) name: String,
    pub(crate) passed: usize,
    pub(crate) is_ok: bool,
}

/// A test that was left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Skipped {
    pub(crate) package: String,
    pub(crate) suite: String,
    pub(crate) test: String,
    /// What it needs.
    pub(crate) need: String,
    /// What is different without it.
    pub(crate) why: String,
}

impl Outcome {
    /// Of the output of `tests/suites` and the notes.
    pub(crate) fn new(log: &str, notes: &str) -> Self {
        let skipped = notes.lines().filter_map(Skipped::parse).collect();
        let mut this = Self { skipped, ..Self::default() };
        this.skipped.sort();
        let mut passed = 0;
        for line in log.lines() {
            if let Some(rest) = line.strip_prefix("test result: ") {
                passed += count(rest, "passed");
            } else if let Some(name) =
                line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
            {
                this.failed.push(name.to_owned());
            } else if let Some(suite) = line.strip_prefix("suite ") {
                let is_ok = suite.contains(": ok after ");
                let mut words = suite.split([' ', ':']);
                let (package, name) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
                // libtest knows no test that is left out when it already runs: it counts as passed.
                let left_out = this.skipped.iter().filter(|skipped| skipped.is_of(package, name)).count();
                this.suites.push(Suite {
                    package: package.to_owned(),
                    name: name.to_owned(),
                    passed: std::mem::take(&mut passed).saturating_sub(left_out),
                    is_ok,
                });
            }
        }
        this.suites.sort();
        this
    }
}

impl Skipped {
    /// A line as `harness::needs` writes it.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let [program, test, need, why] = line.split(" | ").collect::<Vec<_>>().try_into().ok()?;
        let (package, suite) = program.split_once(' ')?;
        let [package, suite, test, need, why] = [package, suite, test, need, why].map(str::to_owned);
        Some(Self { package, suite, test, need, why })
    }

    /// Packages may have test programs of the same name.
    pub(crate) fn is_of(&self, package: &str, suite: &str) -> bool {
        self.package == package && self.suite == suite
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, suite, test, need, why } = self;
        write!(out, "{package} {suite} | {test} | {need} | {why}")
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Suite { package, name, passed, .. } in &self.suites {
            writeln!(out, "  {package} {name}: {passed} passed")?;
        }
        for skipped in &self.skipped {
            writeln!(out, "  skipped: {skipped}")?;
        }
        for test in &self.failed {
            writeln!(out, "  FAILED: {test}")?;
        }
        Ok(())
    }
}

/// The number before this word.
fn count(text: &str, word: &str) -> usize {
    let mut words = text.split([' ', ';']).rev().skip_while(|it| *it != word);
    words.nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read() {
        let log = "test login::yes ... ok\ntest login::no ... FAILED\n\
                   test result: FAILED. 12 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n\
                   suite e2e --test openvpn: FAILED after 2 s\n\
                   test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n\
                   suite compatibility --test down_root: ok after 2 s\n";
        let notes = "e2e openvpn | reasons::all | OpenVPN 2.6 | clients: none\n";
        let outcome = Outcome::new(log, notes);
        let text = "  compatibility down_root: 5 passed\n  e2e openvpn: 11 passed\n\
                    \x20 skipped: e2e openvpn | reasons::all | OpenVPN 2.6 | clients: none\n  FAILED: login::no\n";
        assert_eq!(outcome.to_string(), text);
    }

    #[test]
    fn what_another_package_leaves_out_has_not_passed_there_alone() {
        let log = "test result: ok. 101 passed; 0 failed\nsuite e2e --test down_root: ok after 2 s\n\
                   test result: ok. 43 passed; 0 failed\nsuite compatibility --test down_root: ok after 2 s\n";
        let notes = "e2e down_root | storm::all | OpenVPN 2.6 | why\n";
        let passed = |suite: &Suite| (suite.package.clone(), suite.passed);
        let suites: Vec<_> = Outcome::new(log, notes).suites.iter().map(passed).collect();
        assert_eq!(suites, [("compatibility".to_owned(), 43), ("e2e".to_owned(), 100)]);
    }
}
