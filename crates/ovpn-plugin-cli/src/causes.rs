//! What the words of a log mean, and what to do about it.

mod declared_lines;
pub(crate) mod failed_events;
mod faillock;
pub(crate) mod load_errors;
pub(crate) mod local_checks;
mod other_plugins;
mod pam_messages;

use log_lines::{Declared, Level, LineKind};
use ovpn_plugin_host::LogLine;

/// Marks the line about a login PAM has refused; the words of PAM mean something there only.
const PAM_REFUSED: &str = "failed to authenticate";

/// Words in the log, and what they mean.
struct Known {
    /// All of these stand in one line.
    words: &'static [&'static str],
    /// Says little, and nothing if something more telling was found.
    general: bool,
    why: &'static str,
    todo: &'static str,
}

impl Known {
    fn is_in(&self, line: &str) -> bool {
        self.words.iter().all(|word| line.contains(word))
    }
}

const fn known(words: &'static [&'static str], why: &'static str, todo: &'static str) -> Known {
    Known { words, general: false, why, todo }
}

const fn general(words: &'static [&'static str], why: &'static str, todo: &'static str) -> Known {
    Known { words, general: true, why, todo }
}

fn all_known() -> impl Iterator<Item = &'static Known> {
    [other_plugins::KNOWN, pam_messages::KNOWN].into_iter().flatten()
}

/// What is likely wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) why: String,
    pub(crate) todo: String,
}

impl Cause {
    pub(crate) fn new(why: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { why: why.into(), todo: todo.into() }
    }
}

/// Whether the line is about a login that PAM has refused.
pub(crate) fn is_refusal(line: &LogLine) -> bool {
    line.text.contains(PAM_REFUSED)
}

/// What this line means, if that is known.
pub(crate) fn of_line(line: &LogLine) -> Option<Cause> {
    if let Some(declared) = declared_lines::of(line) {
        return Some(Cause::new(declared.why, declared.todo));
    }
    let known = all_known().filter(|known| !known.general).find(|known| known.is_in(&line.text))?;
    Some(Cause::new(known.why, known.todo))
}

/// The declaration of this line, if one of our plugins has logged it.
pub(crate) fn declaration(line: &LogLine) -> Option<&'static Declared> {
    declared_lines::itself(line)
}

/// The causes that this log tells of; of those that say little at most one, and only if no line tells why something has
/// failed.
pub(crate) fn in_log<'a>(log: impl Iterator<Item = &'a LogLine> + Clone) -> Vec<Cause> {
    let mut telling = Vec::new();
    let mut warnings = Vec::new();
    for line in log.clone() {
        match declared_lines::of(line) {
            Some(Declared { kind: LineKind::Line(Level::Info | Level::Debug), .. }) => {}
            Some(declared @ Declared { kind: LineKind::Line(Level::Warn), .. }) => {
                warnings.push(Cause::new(declared.why, declared.todo));
            }
            Some(declared) => telling.push(Cause::new(declared.why, declared.todo)),
            None => telling.extend(of_line(line)),
        }
    }
    if telling.is_empty() {
        let is_there = |known: &&Known| log.clone().any(|line| known.is_in(&line.text));
        let general = all_known().filter(|known| known.general).find(is_there);
        telling.extend(general.map(|known| Cause::new(known.why, known.todo)));
    }
    let mut causes: Vec<Cause> = Vec::new();
    for cause in telling.into_iter().chain(warnings) {
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    causes
}

#[cfg(test)]
pub(crate) use declared_lines::reference;

#[cfg(test)]
#[path = "causes/tests.rs"]
mod tests;
