//! What the words of a log mean, and what to do about it.

mod at_start;
mod of_clients;
mod of_metrics;
mod of_pam;
mod of_plugin;
mod of_proofs;
mod of_sessions;

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

const SYSTEM_LOG: &str =
    "The modules' own words are in the system's log: journalctl --since -5min, or /var/log/auth.log.";

fn all_known() -> impl Iterator<Item = &'static Known> {
    [
        at_start::KNOWN,
        of_clients::KNOWN,
        of_sessions::KNOWN,
        of_metrics::KNOWN,
        of_proofs::KNOWN,
        of_plugin::KNOWN,
        of_pam::KNOWN,
    ]
    .into_iter()
    .flatten()
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
    let known = all_known().filter(|known| !known.general).find(|known| known.is_in(&line.text))?;
    Some(Cause::new(known.why, known.todo))
}

/// The causes that this log tells of; of those that say little at most one, and only if there is nothing better.
pub(crate) fn in_log<'a>(log: impl Iterator<Item = &'a LogLine> + Clone) -> Vec<Cause> {
    let told = |known: &&Known| log.clone().any(|line| known.is_in(&line.text));
    let mut found: Vec<_> = all_known().filter(|known| !known.general).filter(told).collect();
    if found.is_empty() {
        found.extend(all_known().filter(|known| known.general).find(told));
    }
    let mut causes: Vec<_> = found.iter().map(|known| Cause::new(known.why, known.todo)).collect();
    causes.dedup();
    causes
}

#[cfg(test)]
#[path = "causes/tests.rs"]
mod tests;
