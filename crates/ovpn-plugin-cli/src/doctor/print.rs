//! How findings are printed.

use super::finding::{Finding, Severity, Where};
use crate::show::{Field, Show};

/// Prints those of one configuration, the worst first, and how many there are.
pub(crate) fn print(show: &mut Show, about: &str, findings: &[Finding]) {
    let mut findings: Vec<&Finding> = findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in &findings {
        if show.is_json() {
            show.object(&fields(finding));
            continue;
        }
        let place = finding.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        show.line(finding.severity.name(), &format!("{place}{} [{}]", finding.what, finding.id));
        show.line("why", &finding.why);
        show.line("to do", &finding.todo);
        show.gap();
    }
    let what = if show.is_json() { "examined" } else { "result" };
    show.line(what, &format!("{about}: {}", counted(findings.iter().copied())));
}

/// The last line, for programs.
pub(crate) fn end(show: &Show, findings: &[Finding], status: u8) {
    if !show.is_json() {
        return;
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let outcome = match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => "errors",
        Some(Severity::Warning) => "warnings",
        Some(Severity::Note) => "notes",
        None => "nothing_found",
    };
    show.object(&[
        ("kind", Field::Text("result")),
        ("command", Field::Text("doctor")),
        ("status", Field::Number(status.into())),
        ("outcome", Field::Text(outcome)),
        ("text", Field::Text(&counted(findings.iter()))),
        ("errors", Field::Number(count(Severity::Error))),
        ("warnings", Field::Number(count(Severity::Warning))),
        ("notes", Field::Number(count(Severity::Note))),
    ]);
}

fn fields(finding: &Finding) -> Vec<(&'static str, Field<'_>)> {
    let mut fields = vec![
        ("kind", Field::Text("finding")),
        ("severity", Field::Text(finding.severity.name())),
        ("id", Field::Text(finding.id)),
    ];
    match &finding.place {
        // What stands on the unit's command line has its name for a file.
        Some(Where::Line(place)) if place.file.is_relative() => {
            fields.push(("unit", Field::Path(&place.file)))
        }
        Some(Where::Line(place)) => {
            fields.push(("file", Field::Path(&place.file)));
            // 0 is somewhere in the file.
            fields.extend((place.line > 0).then_some(("line", Field::Number(place.line))));
        }
        Some(Where::Unit(name)) => fields.push(("unit", Field::Text(name))),
        None => {}
    }
    fields.extend([
        ("text", Field::Text(&finding.what)),
        ("why", Field::Text(&finding.why)),
        ("to_do", Field::Text(&finding.todo)),
    ]);
    fields
}

fn counted<'a>(findings: impl Iterator<Item = &'a Finding> + Clone) -> String {
    let count = |severity| findings.clone().filter(|finding| finding.severity == severity).count();
    let counts = [
        (count(Severity::Error), "error", "errors"),
        (count(Severity::Warning), "warning", "warnings"),
        (count(Severity::Note), "note", "notes"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") }
}
