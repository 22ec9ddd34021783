//! What the plugin's log says against it: panics, a start that fails, errors.

use std::fs;
use std::io::Read;
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
const PANICS_CHECK: &str = "panics";
const PANICS: [&str; 3] = ["panic", "panic_elsewhere", "panic_of_payload"];
const CANNOT_START: &str = "cannot_start";

/// The panics in all logs of a trial.
pub(crate) fn panics(scratch: &Path) -> Vec<Seen> {
    let entries = fs::read_dir(scratch).into_iter().flatten().flatten();
    let logs = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(LOG.as_bytes()));
    let lines: Vec<LogLine> =
        logs.flat_map(|log| LogFollower::new(log.path()).new_lines(MOST_BYTES)).collect();
    let panics = different(lines.iter().filter(|line| is_panic(&line.text)));
    panics.into_iter().map(|what| Seen { id: PANICS_CHECK.to_owned(), grade: Grade::Fail, what }).collect()
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

/// What a log says of a failure, from where `log` stands: the errors, or the last line if there are none.
pub(crate) fn why(log: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    log.take(MOST_BYTES as u64).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<LogLine> = text.lines().filter_map(line).collect();
    errors(&lines).or_else(|| last(&lines).map(|line| format!("its last line: {line}")))
}

/// A line as the host writes it into the file: flags, the plugin's name and the text, with tabs between them.
fn line(text: &str) -> Option<LogLine> {
    let mut parts = text.splitn(3, '\t');
    let flags = parts.next()?.parse().ok()?;
    Some(LogLine { flags, name: parts.next()?.to_owned(), text: parts.next()?.to_owned() })
}

/// Takes out the panics that were seen before: one mistake shows in many trials, each time with another client.
pub(crate) fn keep_new_panics(seen: &[Seen], more: &mut Vec<Seen>) {
    let is_panic = |one: &Seen| one.id == PANICS_CHECK && one.grade == Grade::Fail;
    let mut known: Vec<String> =
        seen.iter().filter(|one| is_panic(one)).map(|one| mistake(&one.what)).collect();
    more.retain(|one| {
        let mistake = mistake(&one.what);
        let is_new = !is_panic(one) || !known.contains(&mistake);
        known.extend(Some(mistake).filter(|_| is_panic(one)));
        is_new
    });
}

/// What of a panic's line is the same for each client: where the panic is. If the line does not say, the text.
fn mistake(line: &str) -> String {
    let text = without_client(line);
    let place = text.split_once(" at ").and_then(|(_, rest)| rest.split_once(": "));
    place.map_or(text, |(place, _)| place).to_owned()
}

fn is_panic(text: &str) -> bool {
    declared(without_client(text)).is_some_and(|name| PANICS.contains(&name))
}

/// The line of a panic without the client's name that may stand before it.
fn without_client(text: &str) -> &str {
    text.find("panic in ").and_then(|at| text.get(at..)).unwrap_or(text)
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

    #[test]
    fn the_log_says_why() {
        let log = "64\tX\ta\nno line\n1\tX\tb\n64\tX\tc\n".replace("1\t", &format!("{}\t", sys::PLOG_ERR));
        assert_eq!(why(&mut log.as_bytes()), Some(format!("it logs errors: {}", from_plugin("b"))));
        assert_eq!(why(&mut &b"64\tX\ta\n"[..]), Some(format!("its last line: {}", from_plugin("a"))));
        assert_eq!(why(&mut &b""[..]), None);
    }

    #[test]
    fn one_mistake_is_told_once() {
        let seen = |client: &str, at: &str, text: &str| {
            let line = ovpn_plugin::lines::panic("the job 'login'", format!(" at {at}"), text);
            Seen { id: "panics".into(), grade: Grade::Fail, what: from_plugin(&format!("{client}{line}")) }
        };
        let before = [seen("", "src/lib.rs:7", "no user a")];
        let mut more = vec![
            seen("joe/192.0.2.7:1 ", "src/lib.rs:7", "no user b"),
            seen("joe/192.0.2.7:1 ", "src/lib.rs:70", "no user b"),
            seen("ann/192.0.2.7:2 ", "src/lib.rs:70", "no user c"),
            Seen { id: "umask".into(), grade: Grade::Fail, what: "panic in a at src/lib.rs:7: b".into() },
        ];
        keep_new_panics(&before, &mut more);
        let left: Vec<_> = more.iter().map(|one| (one.id.as_str(), one.what.contains("joe/"))).collect();
        assert_eq!(left, [("panics", true), ("umask", false)]);
    }
}
