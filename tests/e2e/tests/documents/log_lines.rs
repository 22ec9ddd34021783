//! The lines of OpenVPN's log that the manual shows are lines that the plugins declare. Those of recipes are compared with
//! what is really logged.

use crate::markdown::{files, text};

/// How much of a declared line is words, so that it does not match everything.
const LEAST_WORDS: usize = 20;

/// The declared lines, each as the words between what is filled in.
fn declared() -> Vec<Vec<String>> {
    let reference = text("docs/reference/log-lines.md");
    let lines = reference.lines().filter_map(|line| line.strip_prefix("* `")?.strip_suffix('`'));
    lines.map(parts).filter(|parts| parts.concat().len() >= LEAST_WORDS).collect()
}

fn parts(line: &str) -> Vec<String> {
    line.split('{')
        .enumerate()
        .map(|(at, part)| {
            let words = if at == 0 { part } else { part.split_once('}').map_or("", |(_, words)| words) };
            words.to_owned()
        })
        .collect()
}

/// Whether the line is this one, with something filled in.
fn is(line: &str, parts: &[String]) -> bool {
    let (first, rest) = parts.split_first().expect("a part");
    let Some(mut left) = line.strip_prefix(first.as_str()) else { return false };
    for part in rest {
        let Some(at) = left.find(part.as_str()) else { return false };
        left = &left[at + part.len()..];
    }
    left.is_empty() || parts.last().is_some_and(String::is_empty)
}

#[test]
fn lines_that_the_manual_shows_are_declared() {
    let declared = declared();
    assert!(declared.len() > 100, "only {} lines are declared", declared.len());
    let mut count = 0;
    for file in files().iter().filter(|file| file.starts_with("docs/") && file.matches('/').count() == 1) {
        for line in text(file).lines().filter_map(|line| line.strip_prefix("    PLUGIN AUTH-PAM: ")) {
            count += 1;
            assert!(declared.iter().any(|parts| is(line, parts)), "{file}: nothing logs '{line}'");
        }
    }
    assert!(count > 3, "only {count} lines are shown");
}

#[test]
fn what_is_filled_in_may_be_anything_and_nothing_else_may() {
    let parts = parts("user '{user}': {count} logins wait{tail}");
    assert!(is("user 'joe': 3 logins wait (server1)", &parts) && is("user 'joe': 3 logins wait", &parts));
    assert!(!is("user 'joe': 3 logins ran (server1)", &parts) && !is("a user 'joe': 3 logins wait", &parts));
}
