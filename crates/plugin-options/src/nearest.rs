//! The known name that an unknown one was probably meant to be.

/// Longer names are like none.
const MAX_BYTES: usize = 40;

/// The known name that takes the fewest changes, of those that take few.
#[must_use]
pub fn nearest<'k>(name: &[u8], known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > MAX_BYTES {
        return None;
    }
    let few = |known: &str| 1 + known.len() / 4;
    known
        // At least as many changes as the lengths differ by: most names need not be compared.
        .filter(|known| known.len().abs_diff(name.len()) <= few(known))
        .map(|known| (changes(name, known.as_bytes()), known))
        .filter(|(changes, known)| *changes <= few(known))
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, known)| known)
}

/// How many bytes must be put in, taken out or replaced (Levenshtein's distance).
fn changes(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (1..=to.len()).collect();
    for (above, byte) in from.iter().enumerate() {
        let (mut diagonal, mut left) = (above, above + 1);
        for (other, up) in to.iter().zip(&mut row) {
            left = (left + 1).min(*up + 1).min(diagonal + usize::from(byte != other));
            diagonal = std::mem::replace(up, left);
        }
    }
    row.last().copied().unwrap_or(from.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted() {
        for (from, to, count) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("timout", "timeout", 1),
            ("timeout", "timeout", 0),
            ("abc", "cab", 2),
        ] {
            assert_eq!(changes(from.as_bytes(), to.as_bytes()), count, "{from} {to}");
        }
    }

    #[test]
    fn what_is_like_nothing_has_no_nearest() {
        let known = ["timeout", "max-workers", "on", "up"];
        assert_eq!(nearest(b"timout", known.into_iter()), Some("timeout"));
        assert_eq!(nearest(b"max_worker", known.into_iter()), Some("max-workers"));
        assert_eq!(nearest(b"color", known.into_iter()), None);
        assert_eq!(nearest(&[b'x'; 5000], known.into_iter()), None);
        // What takes more changes than few hides nothing that takes as many and is longer.
        assert_eq!(nearest(b"abxx", ["abc", "abxxyz"].into_iter()), Some("abxxyz"));
    }
}
