//! What is kept of the runs with a release: a text file with one fact on a line.
//!
//! A suite is kept when all its tests have passed, with the day and the commit. A run of some suites takes the place of these only; a run
//! with other packages begins anew.

use std::fs;
use std::path::PathBuf;

use harness::generated;

use crate::outcome::{Outcome, Skipped};
#[cfg(test)]
use crate::release::RELEASES;
use crate::release::{Release, SUITES};

/// What is known of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) release: &'static str,
    pub(crate) title: &'static str,
    pub(crate) openvpn: String,
    pub(crate) package: String,
    pub(crate) pam: String,
    pub(crate) glibc: String,
    pub(crate) suites: Vec<Kept>,
    pub(crate) skipped: Vec<Skipped>,
}

/// A suite whose tests have all passed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kept {
    pub(crate) package: String,
    pub(crate) name: String,
    pub(crate) passed: usize,
    pub(crate) date: String,
    /// As `commit::checked_out` tells it.
    pub(crate) commit: String,
}

impl Record {
    /// `facts` are lines as the file has them, the day and the commit.
    pub(crate) fn new(release: &Release, facts: &str, outcome: &Outcome) -> Self {
        let mut this = Self::empty(release, facts);
        let (date, commit) = (needed(facts, "date"), needed(facts, "commit"));
        let passed = outcome.suites.iter().filter(|suite| suite.is_ok && suite.passed > 0);
        this.suites.extend(passed.map(|suite| Kept {
            package: suite.package.clone(),
            name: suite.name.clone(),
            passed: suite.passed,
            date: date.clone(),
            commit: commit.clone(),
        }));
        let is_kept = |it: &&Skipped| this.suites.iter().any(|suite| it.is_of(&suite.package, &suite.name));
        this.skipped = outcome.skipped.iter().filter(is_kept).cloned().collect();
        this
    }

    fn empty(release: &Release, versions: &str) -> Self {
        Self {
            release: release.name,
            title: release.title,
            openvpn: needed(versions, "openvpn"),
            package: needed(versions, "package"),
            pam: needed(versions, "pam"),
            glibc: needed(versions, "glibc"),
            suites: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// All that are kept.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        RELEASES.iter().filter_map(Self::kept).collect()
    }

    fn kept(release: &Release) -> Option<Self> {
        Some(Self::parse(release, &fs::read_to_string(file(release.name)).ok()?))
    }

    /// Keeps this one, and of what is there already the suites that were not run now.
    pub(crate) fn write(self, release: &Release, outcome: &Outcome) {
        let whole = match Self::kept(release) {
            Some(before) if before.is_of_the_same_packages(&self) => before.with(self, outcome),
            _ => self,
        };
        let file = file(release.name);
        fs::write(&file, whole.text()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        println!("{}: recorded in {}; run: make generate", release.name, file.display());
        let missing = whole.missing();
        if !missing.is_empty() {
            println!("{}: not passed yet: {}", release.name, missing.join(", "));
        }
    }

    fn is_of_the_same_packages(&self, other: &Self) -> bool {
        [&self.package, &self.pam, &self.glibc] == [&other.package, &other.pam, &other.glibc]
    }

    fn with(mut self, new: Self, outcome: &Outcome) -> Self {
        let ran =
            |skipped: &Skipped| outcome.suites.iter().any(|suite| skipped.is_of(&suite.package, &suite.name));
        self.suites.retain(|kept| {
            !outcome.suites.iter().any(|suite| (&suite.package, &suite.name) == (&kept.package, &kept.name))
        });
        self.skipped.retain(|skipped| !ran(skipped));
        self.suites.extend(new.suites);
        self.skipped.extend(new.skipped);
        self.suites.sort();
        self.skipped.sort();
        self
    }

    /// How many tests have passed.
    #[cfg(test)]
    pub(crate) fn passed(&self) -> usize {
        self.suites.iter().map(|suite| suite.passed).sum()
    }

    /// The suites that are not kept.
    pub(crate) fn missing(&self) -> Vec<String> {
        let all = SUITES.iter().flat_map(|(package, names)| names.iter().map(|name| (*package, *name)));
        let is_kept = |(package, name): &(&str, &str)| {
            self.suites.iter().any(|kept| kept.package == *package && kept.name == *name)
        };
        all.filter(|suite| !is_kept(suite)).map(|(package, name)| format!("{package} {name}")).collect()
    }

    fn parse(release: &Release, text: &str) -> Self {
        let mut this = Self::empty(release, text);
        for line in text.lines() {
            let wrong = || -> ! { panic!("{}: {line}", file(release.name).display()) };
            if let Some(rest) = line.strip_prefix("suite ") {
                let [package, name, passed, date, commit] = rest.split(' ').collect::<Vec<_>>()[..] else {
                    wrong()
                };
                this.suites.push(Kept {
                    package: package.to_owned(),
                    name: name.to_owned(),
                    passed: passed.parse().unwrap_or_else(|_| wrong()),
                    date: date.to_owned(),
                    commit: commit.to_owned(),
                });
            } else if let Some(rest) = line.strip_prefix("skipped ") {
                this.skipped.push(Skipped::parse(rest).unwrap_or_else(|| wrong()));
            }
        }
        this
    }

    fn text(&self) -> String {
        let Self { openvpn, package, pam, glibc, .. } = self;
        let mut text = format!("openvpn: {openvpn}\npackage: {package}\npam: {pam}\nglibc: {glibc}\n");
        for Kept { package, name, passed, date, commit } in &self.suites {
            text += &format!("suite {package} {name} {passed} {date} {commit}\n");
        }
        for skipped in &self.skipped {
            text += &format!("skipped {skipped}\n");
        }
        text
    }
}

fn needed(text: &str, name: &str) -> String {
    let found = text.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned()));
    found.unwrap_or_else(|| panic!("no {name}: in {text}"))
}

fn file(release: &str) -> PathBuf {
    generated::root().join("tests/versions/results").join(release).with_extension("txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str = "openvpn: 2.5.1\npackage: 2.5.1-3\npam: 1.4.0\nglibc: 2.31\n\
                        suite e2e openvpn 12 2026-11-28 0123abcd\nsuite e2e status 3 2026-11-28 -\n\
                        skipped e2e openvpn | reasons::all | OpenVPN 2.6 or later | why\n";

    #[test]
    fn a_record_is_read_as_it_was_written() {
        assert_eq!(Record::parse(&RELEASES[0], KEPT).text(), KEPT);
    }

    #[test]
    fn a_suite_that_is_run_again_takes_the_place_of_the_one_before() {
        let log = "test result: ok. 13 passed; 0 failed\nsuite e2e --test openvpn: ok after 1 s\n\
                   test result: FAILED. 2 passed; 1 failed\nsuite e2e --test status: FAILED after 1 s\n";
        let outcome = Outcome::new(log, "");
        let new =
            Record::new(&RELEASES[0], &format!("{KEPT}date: 2026-11-29\ncommit: 4567abcd+\n"), &outcome);
        let whole = Record::parse(&RELEASES[0], KEPT).with(new, &outcome);
        assert!(
            whole.text().ends_with("glibc: 2.31\nsuite e2e openvpn 13 2026-11-29 4567abcd+\n"),
            "{}",
            whole.text()
        );
        assert!(whole.missing().contains(&"e2e status".to_owned()));
    }

    #[test]
    fn a_suite_of_another_package_with_the_same_name_stays() {
        let kept = "openvpn: 2.5.1\npackage: 2.5.1-3\npam: 1.4.0\nglibc: 2.31\n\
                    suite compatibility down_root 43 2026-11-28 -\nsuite e2e down_root 96 2026-11-28 -\n\
                    skipped e2e down_root | storm::all | OpenVPN 2.6 or later | why\n";
        let log =
            "test result: ok. 43 passed; 0 failed\nsuite compatibility --test down_root: ok after 1 s\n";
        let outcome = Outcome::new(log, "");
        let new = Record::new(&RELEASES[0], &format!("{kept}date: 2026-11-28\ncommit: -\n"), &outcome);
        assert_eq!(Record::parse(&RELEASES[0], kept).with(new, &outcome).text(), kept);
    }

    #[test]
    fn only_what_a_kept_suite_left_out_is_kept() {
        let log = "test result: FAILED. 90 passed; 1 failed\nsuite e2e --test down_root: FAILED after 1 s\n\
                   test result: ok. 43 passed; 0 failed\nsuite compatibility --test down_root: ok after 1 s\n";
        let outcome = Outcome::new(log, "e2e down_root | storm::all | OpenVPN 2.6 or later | why\n");
        let new = Record::new(&RELEASES[0], &format!("{KEPT}date: 2026-11-28\ncommit: -\n"), &outcome);
        assert_eq!((new.suites.len(), new.skipped.len()), (1, 0));
    }
}
