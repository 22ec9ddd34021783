//! How a certificate is printed.

use super::check::{CHECKS, Check, NO_FAULTS};
use super::report::{Grade, Seen};
use crate::show::{Field, Show};

/// How a note begins of something that could not be checked, for which there is nothing to mend.
pub(crate) const UNCHECKED: &str = "not checked";
/// What is said of checks that no trial reached.
const UNREACHED: &str = "not checked, since a trial ended before";

/// What came of a check.
pub(crate) struct CheckResult<'a> {
    pub(crate) check: &'static Check,
    pub(crate) grade: Grade,
    /// What was seen; nothing if no trial came so far.
    pub(crate) what: Vec<&'a str>,
}

/// One for each check that applies, in their order.
pub(crate) fn results(seen: &[Seen]) -> Vec<CheckResult<'_>> {
    let of = |check: &'static Check| {
        let own: Vec<&Seen> = seen.iter().filter(|seen| seen.id == check.id).collect();
        let grade = own.iter().map(|seen| seen.grade).max().unwrap_or(Grade::Note);
        if grade == Grade::None {
            return None;
        }
        let mut what: Vec<&str> = Vec::new();
        for seen in own.iter().filter(|seen| seen.grade == grade && !seen.what.is_empty()) {
            if !what.contains(&seen.what.as_str()) {
                what.push(&seen.what);
            }
        }
        Some(CheckResult { check, grade, what })
    };
    CHECKS.iter().filter_map(of).collect()
}

/// The status the command ends with: 2 if a check fails, with `strict` 1 if there are notes of something to mend.
pub(crate) fn status(results: &[CheckResult<'_>], strict: bool) -> u8 {
    let is_any =
        |grade, counts: fn(&Check) -> bool| results.iter().any(|it| it.grade == grade && counts(it.check));
    if is_any(Grade::Fail, |_| true) {
        2
    } else {
        u8::from(strict && is_any(Grade::Note, |check| !NO_FAULTS.contains(&check.id)))
    }
}

/// Prints all of them, and the end.
pub(crate) fn print(show: &mut Show, about: &str, results: &[CheckResult<'_>], status: u8) {
    for result in results {
        let check = result.check;
        if show.is_json() {
            show.checked(
                result.grade.name(),
                check.id,
                &text(result),
                advises(result).then_some((check.why, check.todo)),
            );
            continue;
        }
        if is_unreached(result) {
            continue;
        }
        show.line(&result.grade.name().to_uppercase(), &format!("{} [{}]", text(result), check.id));
        if advises(result) {
            show.line("why", check.why);
            show.line("to do", check.todo);
        }
        if result.grade != Grade::Pass {
            show.gap();
        }
    }
    let unreached: Vec<&str> = results.iter().filter(|it| is_unreached(it)).map(|it| it.check.id).collect();
    if !show.is_json() && !unreached.is_empty() {
        show.line("NOTE", &format!("{UNREACHED}: {}", unreached.join(", ")));
    }
    let count = |grade| results.iter().filter(|result| result.grade == grade).count();
    let (passed, notes, failed) = (count(Grade::Pass), count(Grade::Note), count(Grade::Fail));
    let outcome = match (failed, notes) {
        (0, 0) => "passed",
        (0, _) => "notes",
        _ => "failed",
    };
    let words =
        |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let text = format!("{passed} passed, {}, {failed} failed", words(notes, "note", "notes"));
    if !show.is_json() {
        show.gap();
        return show.line("result", &format!("{about}: {text}"));
    }
    show.object(&[
        ("kind", Field::Text("result")),
        ("command", Field::Text("certify")),
        ("status", Field::Number(status.into())),
        ("outcome", Field::Text(outcome)),
        ("text", Field::Text(&text)),
        ("passed", Field::Number(passed)),
        ("notes", Field::Number(notes)),
        ("failed", Field::Number(failed)),
    ]);
}

/// Whether there is something to mend: not where a trial could only not be made.
fn advises(result: &CheckResult<'_>) -> bool {
    let could_not = result.grade == Grade::Note && result.what.iter().all(|what| what.starts_with(UNCHECKED));
    result.grade != Grade::Pass && !could_not
}

fn is_unreached(result: &CheckResult<'_>) -> bool {
    result.grade == Grade::Note && result.what.is_empty()
}

fn text(result: &CheckResult<'_>) -> String {
    match result.grade {
        Grade::Pass => result.check.passes.to_owned(),
        _ if is_unreached(result) => UNREACHED.to_owned(),
        _ => result.what.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: &str, grade: Grade, what: &str) -> Seen {
        Seen { id: id.into(), grade, what: what.into() }
    }

    #[test]
    fn the_worst_counts_and_says_all_once() {
        let all = [
            seen("umask", Grade::Note, "a"),
            seen("umask", Grade::Fail, "b"),
            seen("umask", Grade::Fail, "b"),
            seen("umask", Grade::Fail, "c"),
            seen("signals", Grade::Pass, ""),
            seen("abort", Grade::None, ""),
        ];
        let results = results(&all);
        let of = |id| results.iter().find(|result| result.check.id == id);
        assert_eq!(of("umask").map(|it| (it.grade, it.what.clone())), Some((Grade::Fail, vec!["b", "c"])));
        assert_eq!(of("signals").map(|it| it.grade), Some(Grade::Pass));
        assert!(of("abort").is_none(), "it does not apply");
        assert_eq!(of("hold").map(|it| it.grade), Some(Grade::Note), "nobody has checked it");
        assert_eq!((status(&results, false), status(&results, true)), (2, 2));
        let fine: Vec<Seen> = CHECKS.iter().map(|check| seen(check.id, Grade::Pass, "")).collect();
        assert_eq!(status(&super::results(&fine), true), 0);
        let noted: Vec<Seen> = CHECKS.iter().map(|check| seen(check.id, Grade::Note, "")).collect();
        assert_eq!((status(&super::results(&noted), false), status(&super::results(&noted), true)), (0, 1));
        // Such notes say what a plugin is like.
        let informed: Vec<Seen> = CHECKS
            .iter()
            .map(|check| {
                let grade = if NO_FAULTS.contains(&check.id) { Grade::Note } else { Grade::Pass };
                seen(check.id, grade, "a")
            })
            .collect();
        assert_eq!(status(&super::results(&informed), true), 0);
    }

    #[test]
    fn what_could_not_be_checked_has_no_advice() {
        let all = [
            seen("leak-memory", Grade::Note, "not checked: a client takes too long to try many"),
            seen("forks", Grade::Note, "UP forks"),
            seen("umask", Grade::Fail, "a"),
            seen("symbols", Grade::Pass, ""),
        ];
        let advised: Vec<_> = results(&all)
            .iter()
            .filter(|it| it.what.len() == 1 && advises(it))
            .map(|it| it.check.id)
            .collect();
        assert_eq!(advised, ["forks", "umask"]);
    }
}
