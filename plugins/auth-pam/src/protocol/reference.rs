//! A short name for one attempt. It stands in the audit line, in the log, and in the reason that the client gets, so that a
//! user can read it to the administrator.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use privsep::wire::{Encoding, Shape};
use privsep::{Reader, WireError, Writer};

/// Digits and letters that nobody takes for another one.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Characters of a reference; each is five bits.
const LENGTH: u32 = 5;

/// The reference of one attempt. Not unique: among a thousand attempts, two have the same one in one case of seventy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference(u32);

impl Reference {
    /// By the number that crosses the border.
    pub fn from_number(number: u32) -> Option<Self> {
        (number < 1 << (5 * LENGTH)).then_some(Reference(number))
    }
}

impl Encoding for Reference {
    type Value = Self;
    const SHAPE: Shape = Shape::Number { bytes: 4, most: (1 << (5 * LENGTH)) - 1, what: "number" };

    fn write(value: &Self, field: &'static str, to: &mut Writer) -> Result<(), WireError> {
        u32::write(&value.0, field, to)
    }

    fn read(from: &mut Reader<'_>, field: &'static str) -> Result<Self, WireError> {
        let number = u32::read(from, field)?;
        Reference::from_number(number).ok_or(WireError::Unknown { field, value: number.into() })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..LENGTH).rev() {
            let digit = ALPHABET[(self.0 >> (5 * place) & 31) as usize];
            write!(f, "{}", char::from(digit))?;
        }
        Ok(())
    }
}

/// Gives references. They tell nothing, neither how many attempts there were nor which came before: each is a number under
/// a keyed hash, whose key is random and never leaves the process. That needs no file, so it works in a chroot.
pub struct References {
    key: RandomState,
    last: u64,
}

impl References {
    /// With a key of its own.
    pub fn new() -> Self {
        References { key: RandomState::new(), last: 0 }
    }

    /// The next one.
    pub fn draw(&mut self) -> Reference {
        self.last += 1;
        // Masked to 25 bits, so that it fits.
        Reference(u32::try_from(self.key.hash_one(self.last) & ((1 << (5 * LENGTH)) - 1)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_characters_that_cannot_be_misread() {
        let shown = |number| Reference::from_number(number).map(|reference| reference.to_string());
        assert_eq!(shown(0).as_deref(), Some("22222"));
        assert_eq!(shown(0b00001_00010_00011_11110_11111).as_deref(), Some("345YZ"));
        assert_eq!(shown((1 << 25) - 1).as_deref(), Some("ZZZZZ"));
        assert_eq!(shown(1 << 25), None);
        assert_eq!(shown(u32::MAX), None);
        assert!(!ALPHABET.iter().any(|c| b"01IO".contains(c)));
    }

    /// A counter, or the same sequence in each process, would tell how many logins there are.
    #[test]
    fn they_are_neither_counted_nor_the_same_for_each_server() {
        let sequence = || {
            let mut references = References::new();
            (0..64).map(|_| references.draw().0).collect::<Vec<_>>()
        };
        let (one, other) = (sequence(), sequence());
        assert_ne!(one, other);
        let ascending = one.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((8..56).contains(&ascending), "{ascending} of 63: {one:?}");
        let near = one.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 1 << 10).count();
        assert!(near < 16, "{near} of 63: {one:?}");
    }
}
