//! Finds the declaration of a line that stands in a log.

use crate::pattern::Pattern;
use crate::{Declared, LineKind, Section};

/// What explains this line. The reason in it counts before the line itself, and of several that fit the one with the most
/// fixed text. `None`: no declaration fits, or none that says more than the line.
pub fn explain<'d>(sections: &[&'d Section], line: &str) -> Option<&'d Declared> {
    let (found, reason) = of_line(sections, line)?;
    reason
        .and_then(|reason| of_reason(sections, reason))
        .or_else(|| Some(found).filter(|found| found.is_explained()))
}

/// The declaration of this line itself, whatever its reason is.
pub fn find<'d>(sections: &[&'d Section], line: &str) -> Option<&'d Declared> {
    of_line(sections, line).map(|(found, _)| found)
}

/// The line may name a client first, which is one word.
fn of_line<'d, 't>(sections: &[&'d Section], line: &'t str) -> Option<(&'d Declared, Option<&'t str>)> {
    best(sections, line, true).or_else(|| best(sections, line.split_once(' ')?.1, true))
}

fn of_reason<'d>(sections: &[&'d Section], reason: &str) -> Option<&'d Declared> {
    let (found, inner) = best(sections, reason, false)?;
    // A reason may have one of its own, which is shorter.
    inner
        .filter(|inner| inner.len() < reason.len())
        .and_then(|inner| of_reason(sections, inner))
        .or_else(|| Some(found).filter(|found| found.is_explained()))
}

/// The declaration that fits best, and what stands in its hole for a reason. `whole`: it is a line, and no part of one.
fn best<'d, 't>(
    sections: &[&'d Section],
    text: &'t str,
    whole: bool,
) -> Option<(&'d Declared, Option<&'t str>)> {
    let mut best = None;
    let mut most = None;
    for declared in sections.iter().flat_map(|section| section.lines) {
        // Most are out of the question by how they begin.
        let begins = declared.text.split(['{', '}']).next().unwrap_or_default();
        if !text.starts_with(begins) {
            continue;
        }
        let pattern = Pattern::new(declared.text, |hole| declared.filled_with(hole));
        if Some(pattern.weight()) <= most || !may_be(declared.kind, whole) {
            continue;
        }
        if let Some(fit) = pattern.fit(text, whole) {
            most = Some(pattern.weight());
            best = Some((declared, fit.reason));
        }
    }
    best
}

/// Whether what is looked for, a line or a part of one, may be of this kind. A reason may be a line elsewhere.
fn may_be(kind: LineKind, line: bool) -> bool {
    match kind {
        LineKind::Line(_) => true,
        LineKind::Reason => !line,
        LineKind::Record => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::lines! {
        static LINES: "Lines";
        error failed(user: &str, reason: &str, tail: &str) "user '{user}' failed: {reason}{tail}",
            why "of the line", todo "";
        reason no_room(see: &str) "no room (see {see})", why "of the reason", todo "";
        reason nested(reason: &str) "it cannot be asked: {reason}", why "of the outer one", todo "";
        warn busy(load: u64) "no room (see {load}) for others", why "of the longer one", todo "";
        info silent() "nothing to say";
        record silent_in_the_system_log() "nothing to say there", why "of the record", todo "";
    }

    fn why(line: &str) -> Option<&'static str> {
        explain(&[&LINES], line).map(|declared| declared.why)
    }

    #[test]
    fn the_reason_counts_before_its_line() {
        assert_eq!(
            why(&failed("joe", &no_room("max").to_string(), " (x)").to_string()),
            Some("of the reason")
        );
        assert_eq!(why("user 'joe' failed: something else"), Some("of the line"));
        let inner = nested(&no_room("max").to_string()).to_string();
        assert_eq!(why(&failed("joe", &inner, "").to_string()), Some("of the reason"));
        assert_eq!(why("user 'joe' failed: it cannot be asked: why?"), Some("of the outer one"));
    }

    #[test]
    fn a_reason_is_no_line_of_its_own() {
        assert_eq!(why("no room (see max)"), None);
        assert_eq!(why("something; no room (see max)"), None);
    }

    #[test]
    fn the_client_may_stand_first() {
        let line = format!("joe/192.0.2.1:4711 {}", busy(3));
        assert_eq!(why(&line), Some("of the longer one"));
        assert_eq!(find(&[&LINES], &line).map(|declared| declared.why), Some("of the longer one"));
        assert_eq!(why("joe/192.0.2.1:4711 no room (see max)"), None, "it is a reason");
    }

    #[test]
    fn the_one_with_more_words_counts() {
        assert_eq!(why(&busy(3).to_string()), Some("of the longer one"));
        assert_eq!(why(&failed("joe", &busy(3).to_string(), "").to_string()), Some("of the longer one"));
    }

    #[test]
    fn the_line_itself_is_found_whatever_its_reason_is() {
        static FAILED: &Declared = LINES.line("failed");
        let line = failed("joe", &no_room("max").to_string(), "").to_string();
        assert_eq!(find(&[&LINES], &line), Some(FAILED));
        assert!(LINES.has(FAILED) && find(&[&LINES], "something else").is_none());
        assert_eq!(FAILED.kind.level(), Some(log::Level::Error));
    }

    #[test]
    fn the_system_log_is_another_one() {
        assert_eq!(find(&[&LINES], &silent_in_the_system_log().to_string()), None);
        assert_eq!(LINES.line("silent_in_the_system_log").kind.level(), None);
    }

    #[test]
    #[should_panic(expected = "no line has this name")]
    fn a_name_that_no_line_has_is_a_mistake() {
        let _ = LINES.line("faile");
    }

    #[test]
    fn a_line_may_say_all_itself() {
        assert_eq!(why(&silent().to_string()), None);
        assert_eq!(silent().unlogged().level, log::Level::Info);
    }
}
