//! What a hostile peer sends: right frames of a declared message with a few bytes changed, put in or taken out. Arbitrary bytes mostly
//! end at the first tag or length; these get to the last field.

use std::fmt::Debug;

use super::Encoding;
use super::testing::{check_bytes, frames};

/// Changes frames of each variant, which follow from `seed`, and looks what is made of them: an error, or a message that is
/// written as it came.
///
/// # Panics
/// If it is something else.
pub fn check_mutated<M: Encoding<Value = M> + Debug>(seed: u64) {
    let mut random = Random(seed);
    for frame in frames::<M>(seed) {
        for _ in 0..32 {
            let mut bytes = frame.clone();
            for _ in 0..=random.below(3) {
                random.change(&mut bytes);
            }
            check_bytes::<M>(&bytes);
        }
    }
}

/// Xorshift: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.max(1);
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % end.max(1)
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        let odd = [0, 1, 2, 0x7f, 0x80, 0xff][self.below(6)];
        match self.below(6) {
            0 if !bytes.is_empty() => bytes[at] = odd,
            1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
            2 if !bytes.is_empty() => drop(bytes.remove(at)),
            3 => bytes.insert(at, odd),
            4 => bytes.truncate(at),
            // A part once more, as of another field.
            _ => bytes.extend_from_within(at.min(bytes.len())..(at + self.below(40)).min(bytes.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{Bytes, Text};

    crate::wire! {
        /// Words and numbers.
        #[derive(Debug)]
        enum Message {
            3 => Words {
                name: Vec<u8> as Text<20>,
                block: Option<Vec<u8>> as Option<Bytes<70000>>,
                flag: bool,
            },
            4 => Nothing,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn what_is_changed_is_refused_or_another_message(seed: u64) {
            check_mutated::<Message>(seed);
        }
    }

    /// Otherwise all of this says nothing.
    #[test]
    fn many_changed_frames_are_still_taken() {
        let mut random = Random(7);
        let (mut taken, mut all) = (0, 0);
        for seed in 0..200 {
            for mut frame in frames::<Message>(seed) {
                random.change(&mut frame);
                all += 1;
                let mut from = crate::Reader::new(&frame);
                taken += usize::from(Message::read(&mut from, "tag").is_ok() && from.end().is_ok());
            }
        }
        assert!(taken > all / 20 && taken < all, "{taken} of {all}");
    }
}
