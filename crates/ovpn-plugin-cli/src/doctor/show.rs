//! How findings are printed.

use super::finding::{Finding, Severity};
use crate::show::Show;

/// Prints all of them, the worst first, and the result.
pub(crate) fn print(show: &mut Show, about: &str, findings: &[Finding]) {
    let mut findings: Vec<&Finding> = findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in &findings {
        let place = finding.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        show.line(finding.severity.name(), &format!("{place}{} [{}]", finding.what, finding.id));
        show.line("why", &finding.why);
        show.line("to do", &finding.todo);
        show.gap();
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
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
    let result = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    show.line("result", &format!("{about}: {result}"));
}
