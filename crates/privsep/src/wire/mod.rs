//! Encoding of messages: fixed-width little-endian numbers and length-prefixed bytes.
//!
//! A message is declared once, by [`wire!`](crate::wire!); what is written, read, tested and documented comes from there.
//!
//! Decoding never panics and never allocates more than the frame holds: a length is compared with the bytes that are
//! really there, and with the field's own bound, before anything is copied.

pub mod declare;
mod encoding;
#[cfg(any(test, feature = "testing"))]
pub mod mutated;
#[cfg(any(test, feature = "testing"))]
pub mod reference;
mod shape;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use std::fmt;
use zeroize::Zeroizing;

pub use encoding::{Bytes, Encoding, List, Text};
pub use shape::{Field, Shape, Variant, differ, length_bytes};

/// Why a frame could not be decoded or encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireError {
    /// The frame ended before the field did.
    Short,
    /// Bytes were left over after the last field.
    Trailing,
    /// A field was longer than its bound.
    TooLong {
        /// The field's name.
        field: &'static str,
        /// The bound: bytes, or elements of a list.
        bound: usize,
    },
    /// A tag or flag had a value that means nothing.
    Unknown {
        /// What was being read.
        field: &'static str,
        /// The value found.
        value: u64,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Short => f.write_str("message is cut short"),
            WireError::Trailing => f.write_str("message has bytes after its end"),
            WireError::TooLong { field, bound } => {
                write!(f, "{} is longer than {bound}", field.replace('_', " "))
            }
            WireError::Unknown { field, value } => {
                write!(f, "{} has the unknown value {value}", field.replace('_', " "))
            }
        }
    }
}

impl std::error::Error for WireError {}

/// Writes the fields of one message. The buffer is wiped when the writer is dropped or cleared.
#[derive(Default)]
pub struct Writer {
    bytes: Zeroizing<Vec<u8>>,
}

impl Writer {
    /// A writer whose buffer takes `capacity` bytes before it has to grow. A buffer that grows leaves copies of
    /// secrets behind, so the capacity is the largest frame.
    pub fn with_capacity(capacity: usize) -> Self {
        Writer { bytes: Zeroizing::new(Vec::with_capacity(capacity)) }
    }

    /// Wipes what was written and starts again, keeping the allocation.
    pub fn clear(&mut self) {
        // The vector as such would be wiped to the end of its room, where nothing was written since the last time.
        zeroize::Zeroize::zeroize(self.bytes.as_mut_slice());
        self.bytes.clear();
    }

    /// The bytes written so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Four bytes.
    pub fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Eight bytes.
    pub fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A yes or no, as one byte.
    pub fn flag(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    /// These bytes, without their length.
    pub fn array<const N: usize>(&mut self, value: &[u8; N]) {
        self.bytes.extend_from_slice(value);
    }

    /// A length or a count, in two bytes if its bound fits into them, else in four.
    pub fn length(&mut self, field: &'static str, length: usize, bound: usize) -> Result<(), WireError> {
        let too_long = WireError::TooLong { field, bound };
        if length > bound {
            return Err(too_long);
        }
        match (length_bytes(bound), u16::try_from(length)) {
            (2, Ok(length)) => self.bytes.extend_from_slice(&length.to_le_bytes()),
            _ => self.u32(u32::try_from(length).map_err(|_| too_long)?),
        }
        Ok(())
    }

    /// Length and bytes. The same bound as on the reading side is checked, so a message that is sent can be read.
    pub fn bytes_field(&mut self, field: &'static str, value: &[u8], bound: usize) -> Result<(), WireError> {
        self.length(field, value.len(), bound)?;
        self.bytes.extend_from_slice(value);
        Ok(())
    }
}

/// Reads the fields of one message.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of a frame.
    pub fn new(frame: &'a [u8]) -> Self {
        Reader { rest: frame }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or(WireError::Short)?;
        self.rest = rest;
        Ok(head)
    }

    /// So many bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        self.take(N)?.try_into().map_err(|_| WireError::Short)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, WireError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, WireError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64, WireError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A yes or no; anything but 0 and 1 is an error.
    pub fn flag(&mut self, field: &'static str) -> Result<bool, WireError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            value => Err(WireError::Unknown { field, value: value.into() }),
        }
    }

    /// A length or a count.
    pub fn length(&mut self, field: &'static str, bound: usize) -> Result<usize, WireError> {
        let length = match length_bytes(bound) {
            2 => u16::from_le_bytes(self.array()?).into(),
            _ => self.u32()?,
        };
        usize::try_from(length)
            .ok()
            .filter(|length| *length <= bound)
            .ok_or(WireError::TooLong { field, bound })
    }

    /// Length and bytes, borrowed from the frame.
    pub fn bytes_field(&mut self, field: &'static str, bound: usize) -> Result<&'a [u8], WireError> {
        let length = self.length(field, bound)?;
        self.take(length)
    }

    /// The same of bytes that end up in a C string: no NUL in them.
    pub fn text_field(&mut self, field: &'static str, bound: usize) -> Result<&'a [u8], WireError> {
        let bytes = self.bytes_field(field, bound)?;
        if bytes.contains(&0) { Err(WireError::Unknown { field, value: 0 }) } else { Ok(bytes) }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Ends the reading: a frame with bytes left over is not the message it claims to be.
    pub fn end(self) -> Result<(), WireError> {
        if self.rest.is_empty() { Ok(()) } else { Err(WireError::Trailing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(a in any::<u8>(), b in any::<u32>(), c in any::<u64>(), d in any::<bool>(), e in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut w = Writer::default();
            w.u8(a); w.u32(b); w.u64(c); w.flag(d);
            w.bytes_field("e", &e, 300).unwrap();
            let mut r = Reader::new(w.bytes());
            prop_assert_eq!(r.u8(), Ok(a));
            prop_assert_eq!(r.u32(), Ok(b));
            prop_assert_eq!(r.u64(), Ok(c));
            prop_assert_eq!(r.flag("d"), Ok(d));
            prop_assert_eq!(r.bytes_field("e", 300), Ok(&e[..]));
            prop_assert_eq!(r.end(), Ok(()));
        }

        #[test]
        fn a_field_over_its_bound_is_refused_on_both_sides(extra in 1usize..50, bound in 0usize..200) {
            let value = vec![7u8; bound + extra];
            let mut w = Writer::default();
            prop_assert_eq!(w.bytes_field("f", &value, bound), Err(WireError::TooLong { field: "f", bound }));
            let mut w = Writer::default();
            w.bytes_field("f", &value, u16::MAX.into()).unwrap();
            prop_assert_eq!(Reader::new(w.bytes()).bytes_field("f", bound), Err(WireError::TooLong { field: "f", bound }));
        }

        #[test]
        fn a_cut_frame_is_short_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut r = Reader::new(&bytes);
            while r.bytes_field("x", 16).is_ok() {}
            let _ = r.u64();
            let _ = r.flag("y");
        }
    }

    #[test]
    fn a_length_longer_than_the_frame_is_short() {
        let mut frame = 10u16.to_le_bytes().to_vec();
        frame.extend_from_slice(b"abc");
        assert_eq!(Reader::new(&frame).bytes_field("f", 100), Err(WireError::Short));
    }

    #[test]
    fn a_length_is_as_wide_as_its_bound_needs() {
        for (bound, bytes) in [(0, 2), (65535, 2), (65536, 4), (usize::MAX, 4)] {
            let mut w = Writer::default();
            w.length("n", bound.min(70_000), bound).unwrap();
            assert_eq!((w.bytes().len(), length_bytes(bound)), (bytes, bytes));
            assert_eq!(Reader::new(w.bytes()).length("n", bound), Ok(bound.min(70_000)));
            assert_eq!(Reader::new(&w.bytes()[1..]).length("n", bound), Err(WireError::Short));
        }
    }

    #[test]
    fn trailing_bytes_and_bad_flags_are_errors() {
        assert_eq!(Reader::new(&[1]).end(), Err(WireError::Trailing));
        assert_eq!(Reader::new(&[2]).flag("f"), Err(WireError::Unknown { field: "f", value: 2 }));
    }
}
