//! Variables that are numbered: one walk through all of them, however many there are. A server may push thousands, and
//! OpenVPN stands still meanwhile.

use std::collections::BTreeMap;

use crate::Env;

/// What is collected of each number.
pub(crate) type Numbered<T> = BTreeMap<u32, T>;

/// Collects by number. `place`: from a variable's name the number and what it means, if it is one of those; `put` gets the
/// value. Of variables with the same name the first counts: `put` must keep what is there.
pub(crate) fn collect<'a, T: Default, Meaning>(
    env: Env<'a>,
    place: impl Fn(&'a str) -> Option<(u32, Meaning)>,
    put: impl Fn(&mut T, Meaning, &'a [u8]),
) -> Numbered<T> {
    let mut all = Numbered::new();
    for (name, value) in env.without_secrets() {
        let found = std::str::from_utf8(name).ok().and_then(&place);
        if let Some((number, meaning)) = found {
            put(all.entry(number).or_default(), meaning, value);
        }
    }
    all
}

/// The values of `prefix` and a number, those from 1 up to the first gap.
pub(crate) fn in_a_row<'a>(env: Env<'a>, prefix: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let place = |name: &'a str| Some((number(name.strip_prefix(prefix)?)?, ()));
    without_gaps(collect(env, place, |kept: &mut Option<&'a [u8]>, (), value| {
        kept.get_or_insert(value);
    }))
    .flatten()
}

/// Those from 1 up to the first number that is not there.
pub(crate) fn without_gaps<T>(all: Numbered<T>) -> impl Iterator<Item = T> {
    (1..).zip(all).map_while(|(expected, (number, value))| (number == expected).then_some(value))
}

/// A number as OpenVPN writes it, from 1.
pub(crate) fn number(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number > 0 && !text.starts_with(['0', '+'])).then_some(number)
}

/// A value as text, or what it says.
pub(crate) fn parse<N: std::str::FromStr>(value: &[u8]) -> Option<N> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::boundary::OwnedStringArray;
    use crate::testing::CallData;

    #[test]
    fn they_come_in_order_up_to_a_gap_and_the_first_of_a_name_counts() {
        let call = CallData::new()
            .env("x_3", "c")
            .env("x_2", "b")
            .env("x_2", "B")
            .env("x_5", "e")
            .env("x_+4", "d")
            .env("x_04", "d")
            .env("x_0", "none")
            .env("x_1", "a");
        let found: Vec<&[u8]> = in_a_row(call.environment(), "x_").collect();
        assert_eq!(found, [b"a", b"b", b"c"]);
    }

    /// The time for sixteen times as many is nearer to sixteen than to 256 times as long. The least of some: others run
    /// beside this.
    #[test]
    fn the_time_grows_with_their_number_and_not_with_its_square() {
        let least = |count: usize| {
            let entries: Vec<Vec<u8>> = (1..=count).map(|n| format!("x_{n}=v").into_bytes()).collect();
            let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
            let owned = OwnedStringArray::cut(&entries);
            let once = || {
                let started = Instant::now();
                assert_eq!(in_a_row(Env::new(owned.array()), "x_").count(), count);
                started.elapsed()
            };
            (0..9).map(|_| once()).min().unwrap()
        };
        assert!(least(64_000) < least(4_000) * 80);
    }
}
