//! The text of a declaration as a pattern: fixed parts in their order, and holes between.

use crate::Filled;

/// What a declaration calls the hole whose text has an explanation of its own.
const REASON: &str = "reason";

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Fixed(String),
    /// The name of the first, if there are several in a row, and what that is filled with.
    Hole(&'static str, Filled),
}

/// A text with holes.
#[derive(Debug)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
}

/// How a text fits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fit<'t> {
    /// What stands in the hole for a reason, up to the next fixed part.
    pub(crate) reason: Option<&'t str>,
}

impl Pattern {
    /// `filled_with`: with what the hole of that name is filled.
    pub(crate) fn new(text: &'static str, filled_with: impl Fn(&str) -> Filled) -> Self {
        let mut pieces = Vec::new();
        let mut fixed = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            fixed += &rest[..at];
            let doubled = rest[at..].starts_with("{{") || rest[at..].starts_with("}}");
            if doubled {
                fixed.push_str(&rest[at..=at]);
                rest = &rest[at + 2..];
                continue;
            }
            let (hole, after) = rest[at + 1..].split_once('}').unwrap_or((&rest[at + 1..], ""));
            let name = hole.split_once(':').map_or(hole, |(name, _)| name);
            if !fixed.is_empty() {
                pieces.push(Piece::Fixed(std::mem::take(&mut fixed)));
            }
            // Nothing tells where one of two ends that stand side by side.
            if !matches!(pieces.last(), Some(Piece::Hole(..))) {
                pieces.push(Piece::Hole(name, filled_with(name)));
            }
            rest = after;
        }
        fixed += rest;
        if !fixed.is_empty() {
            pieces.push(Piece::Fixed(fixed));
        }
        Pattern { pieces }
    }

    /// How much is fixed, in bytes: the more, the more is said if it fits.
    pub(crate) fn weight(&self) -> usize {
        let fixed = self.pieces.iter().map(|piece| match piece {
            Piece::Fixed(text) => text.len(),
            Piece::Hole(..) => 0,
        });
        fixed.sum()
    }

    /// Whether the text is this one. `whole`: nothing comes after it.
    pub(crate) fn fit<'t>(&self, text: &'t str, whole: bool) -> Option<Fit<'t>> {
        fit(&self.pieces, text, whole)
    }
}

fn fit<'t>(pieces: &[Piece], text: &'t str, whole: bool) -> Option<Fit<'t>> {
    match pieces {
        [] => (!whole || text.is_empty()).then_some(Fit { reason: None }),
        [Piece::Fixed(fixed), rest @ ..] => {
            let after = text.strip_prefix(fixed.as_str())?;
            match rest {
                [Piece::Hole(name, filled), rest @ ..] => hole(fixed, (name, *filled), rest, after, whole),
                rest => fit(rest, after, whole),
            }
        }
        [Piece::Hole(name, filled), rest @ ..] => hole("", (name, *filled), rest, text, whole),
    }
}

/// A hole, with what is fixed before it.
fn hole<'t>(
    before: &str,
    (name, filled): (&str, Filled),
    rest: &[Piece],
    text: &'t str,
    whole: bool,
) -> Option<Fit<'t>> {
    let with = |fit: Fit<'t>, here: &'t str| Fit { reason: fit.reason.or((name == REASON).then_some(here)) };
    let [Piece::Fixed(next), ..] = rest else {
        return Some(with(Fit { reason: None }, text));
    };
    // What is between quotes has its own quotes escaped, so nobody ends it from inside.
    let quoted = before.ends_with('\'') && next.starts_with('\'');
    text.match_indices(next.as_str())
        .filter(|(at, _)| !quoted || !is_escaped(&text[..*at]))
        .filter(|(at, _)| filled.may_be(&text[..*at]))
        .find_map(|(at, _)| Some(with(fit(rest, &text[at..], whole)?, &text[..at])))
}

fn is_escaped(before: &str) -> bool {
    before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern_of(text: &'static str) -> Pattern {
        Pattern::new(text, |hole| match hole {
            "number" => Filled::Digits,
            "word" => Filled::OwnWords,
            _ => Filled::Anything,
        })
    }

    fn reason<'t>(pattern: &'static str, text: &'t str) -> Option<Option<&'t str>> {
        pattern_of(pattern).fit(text, true).map(|fit| fit.reason)
    }

    #[test]
    fn the_fixed_parts_in_their_order() {
        let pattern = "worker {pid} is gone ({how}){tail}";
        assert!(reason(pattern, "worker 7 is gone (was killed)").is_some());
        assert!(reason(pattern, "worker 7 is gone (was killed) (server1)").is_some());
        assert!(reason(pattern, "worker  is gone ()").is_some());
        assert!(reason(pattern, "worker 7 is gone").is_none());
        assert!(reason(pattern, "a worker 7 is gone ()").is_none());
        assert!(reason("all of it", "all of it, and more").is_none());
        assert!(reason("{{{x:?}}}", "{7}").is_some());
        assert!(pattern_of("the start").fit("the start, and more", false).is_some());
    }

    #[test]
    fn a_later_place_is_found_if_the_first_does_not_fit() {
        assert_eq!(reason("{reason}: again ({n})", "a: again: again (3)"), Some(Some("a: again")));
    }

    #[test]
    fn a_reason_ends_at_the_next_fixed_part() {
        assert_eq!(reason("refused: {reason}{tail}", "refused: no room (x)"), Some(Some("no room (x)")));
        assert_eq!(reason("refused: {why}", "refused: no room"), Some(None));
    }

    #[test]
    fn a_number_is_made_of_digits() {
        assert_eq!(reason("{path}:{number}: {reason}", "/a: b:17: wrong"), Some(Some("wrong")));
        assert!(reason("{path}:{number}: {reason}", "one: two: three").is_none());
        assert!(reason("the {word} is too long", "the common name is too long").is_some());
        assert!(reason("the {word} is too long", "the prompt 'x': it is too long").is_none());
    }

    #[test]
    fn no_name_passes_for_a_reason() {
        let pattern = "user '{user}' failed: {reason}";
        let name = r"joe\' failed: the end of the world";
        assert_eq!(reason(pattern, &format!("user '{name}' failed: wrong")), Some(Some("wrong")));
        // A backslash of its own is escaped, too.
        assert_eq!(reason(pattern, r"user 'joe\\' failed: wrong"), Some(Some("wrong")));
    }

    #[test]
    fn what_is_fixed_weighs() {
        assert_eq!(pattern_of("ab: {c} d").weight(), 6);
    }
}
