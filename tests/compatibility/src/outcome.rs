//! What a run came to, as one line of text: verdicts first, then what was looked at.

use crate::case::Look;
use std::fs;
use std::path::Path;

const NOTHING: &str = "-";

/// Everything a run leaves behind that can be looked at.
pub struct Traces<'a> {
    /// Scratch directory of the run.
    pub directory: &'a Path,
    /// All that was logged, one line each.
    pub log: &'a str,
}

/// The verdicts, joined, and each look.
pub fn describe(verdicts: &[String], looks: &[Look], traces: &Traces<'_>) -> String {
    let mut text = verdicts.join(", ");
    for look in looks {
        let (label, found) = traces.look(look);
        text.push_str(&format!("; {label}: {found}"));
    }
    text
}

impl Traces<'_> {
    fn look(&self, look: &Look) -> (&str, String) {
        match look {
            Look::Failure => {
                let line = self.log.lines().find(|line| line.contains("' failed to authenticate: "));
                let found = line.and_then(|line| line.find("user '").map(|at| line[at..].trim_end()));
                ("log", without_origin(found.unwrap_or(NOTHING)).to_string())
            }
            Look::FailureEnd => {
                let line = self.log.lines().find(|line| line.contains("' failed to authenticate: "));
                let line = line.unwrap_or(NOTHING).trim_end();
                let end = line.strip_prefix(without_origin(line)).unwrap_or_default().trim();
                ("end of the line", if end.is_empty() { NOTHING.into() } else { without_reference(end) })
            }
            Look::Module(field) => (field, self.recorded(field, str::to_string)),
            Look::ModuleLength(field) => {
                (field, self.recorded(field, |value| format!("{} bytes", value.len())))
            }
            Look::Program => ("program", self.file("program")),
            Look::Control => ("control file", self.file("control")),
            Look::Reason => {
                let text = self.file("reason");
                ("reason", if text.contains(" (reference ") { without_reference(&text) } else { text })
            }
            Look::ReasonKind => {
                let text = self.file("reason");
                ("reason", text.split('[').next().unwrap_or_default().to_string())
            }
            Look::Mentioned(text) => {
                let yes = self.log.to_lowercase().contains(&text.to_lowercase());
                ("logged", if yes { (*text).to_string() } else { format!("no {text}") })
            }
        }
    }

    fn file(&self, name: &str) -> String {
        let text = fs::read_to_string(self.directory.join(name)).unwrap_or_default();
        if text.is_empty() { NOTHING.to_string() } else { text.trim_end().replace('\n', "|") }
    }

    /// The values of a field of the module's records, which are lines of `name=value` in fixed order.
    fn recorded(&self, field: &str, show: impl Fn(&str) -> String) -> String {
        let text = fs::read_to_string(self.directory.join("seen")).unwrap_or_default();
        let values: Vec<String> =
            text.lines().filter_map(|line| value_of(line, field)).map(|v| show(&v)).collect();
        if values.is_empty() { NOTHING.to_string() } else { values.join("|") }
    }
}

/// Ours ends with where the login comes from and its reference, in parentheses. A case of its own looks at that.
fn without_origin(line: &str) -> &str {
    let at = line.rfind(" (").filter(|at| line.ends_with(')') && line[*at..].contains("reference "));
    at.map_or(line, |at| &line[..at])
}

/// The reference is another one each time, and so are the times.
fn without_reference(end: &str) -> String {
    let (start, reference) = end.split_once("reference ").unwrap_or_default();
    let is_time =
        |word: &&str| word.contains('.') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let times = start.contains("took ");
    let words = start.split(' ').map(|word| if times && is_time(&word) { "N" } else { word });
    let start = words.collect::<Vec<_>>().join(" ");
    let is_one = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let reference = reference.strip_suffix(')').filter(|text| is_one(text)).map_or("?", |_| "NNNNN");
    format!("{start}reference {reference})")
}

const FIELDS: [&str; 11] =
    ["phase", "pid", "uid", "user", "rhost", "service", "tty", "ruser", "authtok", "answer", "argv"];

/// The value of a field: from its name to the name of the next, for values may hold blanks.
fn value_of(line: &str, field: &str) -> Option<String> {
    let index = FIELDS.iter().position(|name| *name == field)?;
    let start = format!("{field}=");
    let begin = if index == 0 { 0 } else { line.find(&format!(" {start}"))? + 1 } + start.len();
    let rest = &line[begin..];
    let end = FIELDS.get(index + 1).and_then(|next| rest.find(&format!(" {next}="))).unwrap_or(rest.len());
    Some(rest[..end].to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        "phase=auth pid=1 uid=0 user=ada rhost=- service=s tty=- ruser=- authtok=a b answer=c d argv=[x]";

    #[test]
    fn fields_of_a_record() {
        assert_eq!(value_of(LINE, "phase").as_deref(), Some("auth"));
        assert_eq!(value_of(LINE, "user").as_deref(), Some("ada"));
        assert_eq!(value_of(LINE, "authtok").as_deref(), Some("a b"));
        assert_eq!(value_of(LINE, "answer").as_deref(), Some("c d"));
        assert_eq!(value_of(LINE, "argv").as_deref(), Some("[x]"));
        assert_eq!(value_of(LINE, "colour"), None);
    }

    #[test]
    fn what_ours_adds_to_the_line_is_looked_at_apart() {
        let line = "user 'a (b)' failed to authenticate: No (x)";
        let with = format!("{line} (192.0.2.7:1194, server1, took 2.140 s, reference 345YZ)");
        assert_eq!((without_origin(line), without_origin(&with)), (line, line));
        let traces = Traces { directory: Path::new("/nonexistent"), log: &with };
        assert_eq!(
            describe(&["refused".into()], &[Look::Failure, Look::FailureEnd], &traces),
            format!(
                "refused; log: {line}; end of the line: (192.0.2.7:1194, server1, took N s, reference NNNNN)"
            )
        );
        let traces = Traces { directory: Path::new("/nonexistent"), log: line };
        assert_eq!(describe(&[], &[Look::FailureEnd], &traces), "; end of the line: -");
    }

    #[test]
    fn verdicts_and_looks_in_one_line() {
        let log = "AUTH-PAM: user 'ada' is here\nAUTH-PAM: user 'ada' failed to authenticate: No\n";
        let traces = Traces { directory: Path::new("/nonexistent"), log };
        let looks = [Look::Failure, Look::Control, Look::Mentioned("NO"), Look::Mentioned("zebra")];
        assert_eq!(
            describe(&["refused".into(), "accepted".into()], &looks, &traces),
            "refused, accepted; log: user 'ada' failed to authenticate: No; control file: -; logged: NO; \
             logged: no zebra"
        );
    }
}
