//! What the plugin's log says against it: panics, a start that fails, errors.

use std::fs;
use std::path::Path;

use log_lines::find;
use ovpn_plugin_host::{LogFollower, LogLine};

use super::report::{Grade, Seen};
use crate::redaction::from_plugin;

/// How the names of the files begin in which the plugins of a trial log.
pub(crate) const LOG: &str = "log";

/// So much of a log is read, so many different lines are shown, and so many characters of each.
const MOST_BYTES: usize = 4 << 20;
const MOST_LINES: usize = 3;
const MOST_CHARACTERS: usize = 300;

/// What the SDK says of a panic, and of a start that failed.
const PANICS: [&str; 3] = ["panic", "panic_elsewhere", "panic_of_payload"];
const CANNOT_START: &str = "cannot_start";

/// The panics in all logs of a trial.
pub(crate) fn panics(scratch: &Path) -> Vec<Seen> {
    let entries = fs::read_dir(scratch).into_iter().flatten().flatten();
    let logs = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(LOG.as_bytes()));
    let lines: Vec<LogLine> =
        logs.flat_map(|log| LogFollower::new(log.path()).new_lines(MOST_BYTES)).collect();
    let panics = different(lines.iter().filter(|line| is_panic(&line.text)));
    panics.into_iter().map(|what| Seen { id: "panics".to_owned(), grade: Grade::Fail, what }).collect()
}

/// Whether the plugin could not start.
pub(crate) fn cannot_start(lines: &[LogLine]) -> Option<String> {
    let is_it = |line: &&LogLine| declared(&line.text) == Some(CANNOT_START);
    different(lines.iter().filter(is_it)).into_iter().next()
}

/// The different errors, without panics, in one text.
pub(crate) fn errors(lines: &[LogLine]) -> Option<String> {
    let errors = different(lines.iter().filter(|line| line.is_error() && !is_panic(&line.text)));
    (!errors.is_empty()).then(|| format!("it logs errors: {}", errors.join("; ")))
}

/// The line that says most about what happened last.
pub(crate) fn last(lines: &[LogLine]) -> Option<String> {
    let line = lines.iter().rfind(|line| line.is_error()).or(lines.last())?;
    different(std::iter::once(line)).into_iter().next()
}

fn is_panic(text: &str) -> bool {
    // A client's name may stand before it.
    let from = text.find("panic in ").and_then(|at| text.get(at..)).unwrap_or(text);
    declared(from).is_some_and(|name| PANICS.contains(&name))
}

/// The name of the SDK's line that this is.
fn declared(text: &str) -> Option<&'static str> {
    find(&[&ovpn_plugin::lines::LINES], text).map(|declared| declared.name)
}

fn different<'a>(lines: impl Iterator<Item = &'a LogLine>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for line in lines {
        let text = from_plugin(&line.text.chars().take(MOST_CHARACTERS).collect::<String>());
        if !texts.contains(&text) && texts.len() < MOST_LINES {
            texts.push(text);
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use ovpn_plugin_host::sys;

    use super::*;

    fn line(flags: i32, text: &str) -> LogLine {
        LogLine { flags, name: "x".into(), text: text.into() }
    }

    #[test]
    fn lines_are_told_apart() {
        let panic = ovpn_plugin::lines::panic("AUTH_USER_PASS_VERIFY", " at src/lib.rs:3", "oh").to_string();
        let start = ovpn_plugin::lines::cannot_start("no file").to_string();
        assert!(is_panic(&panic) && is_panic(&format!("joe/192.0.2.7:1 {panic}")), "{panic}");
        assert!(!is_panic(&start) && !is_panic("no panic in here"));
        let lines = [
            line(sys::PLOG_ERR, &panic),
            line(sys::PLOG_ERR, "bad"),
            line(sys::PLOG_NOTE, "fine"),
            line(sys::PLOG_ERR, "bad"),
        ];
        assert_eq!(errors(&lines), Some(format!("it logs errors: {}", from_plugin("bad"))));
        assert_eq!((last(&lines), cannot_start(&lines)), (Some(from_plugin("bad")), None));
        assert_eq!(cannot_start(&[line(sys::PLOG_ERR, &start)]), Some(from_plugin(&start)));
        assert_eq!((errors(&[]), last(&lines[2..3])), (None, Some(from_plugin("fine"))));
    }
}
