//! Tests of any declared message, made from its declaration: frames are built from its [`Shape`], right ones and ones
//! with a single fault, and what decoding makes of them is compared.

use std::fmt::Debug;

use super::{Encoding, Field, Reader, Shape, Variant, WireError, Writer};

/// Checks a declared message with frames that follow from `seed`. Each variant is
/// * taken within its bounds and at them, never longer than the upper bound of the message, and written again as it came;
/// * refused with one byte more, cut anywhere, and with one fault in any field: over its bound, an unknown tag or number,
///   a NUL in what becomes a C string.
///
/// # Panics
/// If it is not so.
pub fn check<M: Encoding<Value = M> + Debug>(seed: u64) {
    for only in 0..variants(&M::SHAPE).len().max(1) {
        for size in [Size::Small, Size::Any, Size::Longest] {
            let right = Frame::of::<M>(seed, only, size, None);
            let read = decode::<M>(&right.bytes);
            let message = read.unwrap_or_else(|error| panic!("{error} in a right {}", right.shown()));
            let mut again = Writer::default();
            M::write(&message, "tag", &mut again)
                .unwrap_or_else(|error| panic!("{error} writing {message:?}"));
            assert!(again.bytes() == right.bytes, "{message:?} is not written as it came: {}", right.shown());
            assert!(right.bytes.len() <= M::SHAPE.max_bytes(), "longer than its bound: {message:?}");
            refused::<M>(seed, only, size, &right);
        }
    }
}

/// Right frames of each variant, which follow from `seed`.
pub(super) fn frames<M: Encoding>(seed: u64) -> Vec<Vec<u8>> {
    let all = 0..variants(&M::SHAPE).len().max(1);
    let sizes = [Size::Small, Size::Any];
    all.flat_map(|only| sizes.map(|size| Frame::of::<M>(seed, only, size, None).bytes)).collect()
}

/// The longest frame of a message, in bytes. Equal to its upper bound, unless it holds lists.
pub fn longest<M: Encoding<Value = M>>() -> usize {
    let all = 0..variants(&M::SHAPE).len().max(1);
    all.map(|only| Frame::of::<M>(0, only, Size::Longest, None).bytes.len()).max().unwrap_or_default()
}

/// What is made of arbitrary bytes is written as it came, if it is taken at all.
///
/// # Panics
/// If it is not so.
pub fn check_bytes<M: Encoding<Value = M> + Debug>(frame: &[u8]) {
    if let Ok(message) = decode::<M>(frame) {
        let mut again = Writer::default();
        M::write(&message, "tag", &mut again).unwrap_or_else(|error| panic!("{error} writing {message:?}"));
        assert!(again.bytes() == frame && frame.len() <= M::SHAPE.max_bytes(), "{message:?}");
    }
}

fn refused<M: Encoding<Value = M> + Debug>(seed: u64, only: usize, size: Size, right: &Frame) {
    let longer = [&right.bytes[..], &[0]].concat();
    assert_eq!(decode::<M>(&longer).err(), Some(WireError::Trailing), "{}", right.shown());
    // Anywhere, and in a long frame at some places.
    let step = 1 + right.bytes.len() / 64;
    for cut in (0..right.bytes.len()).step_by(step) {
        let error = decode::<M>(&right.bytes[..cut]).err();
        assert_eq!(error, Some(WireError::Short), "cut at {cut}: {}", right.shown());
    }
    let places = if size == Size::Longest { 0 } else { right.places };
    for fault in 0..places {
        let wrong = Frame::of::<M>(seed, only, size, Some(fault));
        let expected = wrong.expected.unwrap_or_else(|| panic!("no fault at place {fault}"));
        assert_eq!(decode::<M>(&wrong.bytes).err(), Some(expected), "{}", wrong.shown());
    }
}

fn decode<M: Encoding<Value = M>>(frame: &[u8]) -> Result<M, WireError> {
    let mut from = Reader::new(frame);
    let message = M::read(&mut from, "tag")?;
    from.end().map(|()| message)
}

fn variants(shape: &Shape) -> &'static [Variant] {
    if let Shape::Enum { variants, .. } = shape { variants } else { &[] }
}

/// How long fields are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// A few bytes.
    Small,
    /// A few bytes, or as many as possible.
    Any,
    /// As many as possible.
    Longest,
}

/// A frame in the making.
struct Frame {
    bytes: Vec<u8>,
    size: Size,
    random: u64,
    /// Which of the possible faults it gets.
    fault: Option<usize>,
    /// Places for a fault so far.
    places: usize,
    /// What that fault must be called.
    expected: Option<WireError>,
}

impl Frame {
    fn of<M: Encoding>(seed: u64, only: usize, size: Size, fault: Option<usize>) -> Self {
        let mut frame = Frame { bytes: vec![], size, random: seed, fault, places: 0, expected: None };
        match variants(&M::SHAPE).get(only) {
            Some(variant) => frame.variant("tag", variant, variants(&M::SHAPE)),
            None => frame.add("tag", &M::SHAPE),
        }
        frame
    }

    fn shown(&self) -> String {
        format!("frame of {} bytes: {:?}", self.bytes.len(), &self.bytes[..self.bytes.len().min(80)])
    }

    /// A number below `end` (splitmix64).
    fn below(&mut self, end: usize) -> usize {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default() % end.max(1)
    }

    /// Whether the fault belongs here.
    fn faulty(&mut self) -> bool {
        self.places += 1;
        self.fault == Some(self.places - 1)
    }

    fn number(&mut self, number: usize, bytes: usize) {
        self.bytes.extend_from_slice(&number.to_le_bytes()[..bytes]);
    }

    fn chance(&mut self) -> bool {
        self.size == Size::Longest || self.below(2) == 1
    }

    fn variant(&mut self, field: &'static str, variant: &Variant, all: &[Variant]) {
        let unknown = (0..=u8::MAX).find(|tag| all.iter().all(|variant| variant.tag != *tag));
        match unknown {
            Some(value) if self.faulty() => {
                self.bytes.push(value);
                self.expected = Some(WireError::Unknown { field, value: value.into() });
            }
            _ => self.bytes.push(variant.tag),
        }
        self.fields(variant.fields);
    }

    fn fields(&mut self, fields: &[Field]) {
        fields.iter().for_each(|field| self.add(field.name, field.shape));
    }

    fn add(&mut self, field: &'static str, shape: &Shape) {
        match shape {
            Shape::Number { bytes, most, .. } => {
                let whole = u64::MAX >> (64 - 8 * bytes);
                let value = if *most < whole && self.faulty() {
                    self.expected = Some(WireError::Unknown { field, value: most + 1 });
                    most + 1
                } else {
                    [0, *most, *most / 3][self.below(3)]
                };
                self.bytes.extend_from_slice(&value.to_le_bytes()[..*bytes]);
            }
            Shape::Flag => self.flag(field, None),
            Shape::Array { bytes, .. } => {
                let byte = u8::try_from(self.below(256)).unwrap_or_default();
                self.bytes.extend(std::iter::repeat_n(byte, *bytes));
            }
            Shape::Bytes { bound, text, .. } => self.bounded(field, *bound, *text),
            Shape::Option(shape) => {
                let there = self.chance();
                self.flag(field, Some(there));
                if there {
                    self.add(field, shape);
                }
            }
            Shape::List { of, count, bytes } => self.list(field, of, *count, *bytes),
            Shape::Struct { fields, .. } => self.fields(fields),
            Shape::Enum { variants, .. } => {
                let longest = variants.iter().max_by_key(|it| it.fields.iter().map(max_bytes).sum::<usize>());
                let any = &variants[self.below(variants.len())];
                let variant = longest.filter(|_| self.size == Size::Longest).unwrap_or(any);
                self.variant(field, variant, variants);
            }
        }
    }

    fn flag(&mut self, field: &'static str, value: Option<bool>) {
        let value = value.unwrap_or_else(|| self.chance());
        if self.faulty() {
            self.bytes.push(2);
            self.expected = Some(WireError::Unknown { field, value: 2 });
        } else {
            self.bytes.push(value.into());
        }
    }

    fn bounded(&mut self, field: &'static str, bound: usize, text: bool) {
        let long = self.size == Size::Longest || self.size == Size::Any && self.below(4) == 0;
        let mut length = if long { bound } else { self.below(bound.min(8) + 1) };
        // A bound that fills its length cannot be exceeded.
        let possible = bound != u16::MAX.into() && bound != u32::MAX as usize;
        if possible && self.faulty() {
            length = bound + 1;
            self.expected = Some(WireError::TooLong { field, bound });
        }
        let nul = text && bound > 0 && self.faulty();
        if nul {
            length = length.max(1);
            self.expected = Some(WireError::Unknown { field, value: 0 });
        }
        self.number(length, super::length_bytes(bound));
        let byte = u8::try_from(1 + self.below(255)).unwrap_or_default();
        self.bytes.extend(std::iter::repeat_n(byte, length));
        if nul {
            self.bytes.pop();
            self.bytes.push(0);
        }
    }

    fn list(&mut self, field: &'static str, of: &Shape, count: usize, bytes: usize) {
        let (at, wide) = (self.bytes.len(), super::length_bytes(count));
        self.number(0, wide);
        let wanted = if self.size == Size::Longest { count } else { self.below(count.min(3) + 1) };
        let mut elements = 0;
        while elements < wanted && self.bytes.len() - at - wide + of.max_bytes() <= bytes {
            self.add(field, of);
            elements += 1;
        }
        if self.faulty() {
            elements = count + 1;
            self.expected = Some(WireError::TooLong { field, bound: count });
        }
        self.bytes[at..at + wide].copy_from_slice(&elements.to_le_bytes()[..wide]);
    }
}

fn max_bytes(field: &Field) -> usize {
    field.shape.max_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{Bytes, List, Text};

    crate::wire! {
        /// One field of each kind.
        #[derive(Debug)]
        struct Part {
            one: u8,
            two: u16,
            name: Vec<u8> as Text<20>,
            small: Option<Vec<u8>> as Option<Bytes<65535>>,
            words: Vec<Vec<u8>> as List<Text<9>, 5, 40>,
        }
    }

    crate::wire! {
        /// One of each form.
        #[derive(Debug)]
        enum Message {
            7 => Nothing,
            9 => Unnamed(part: Box<Part> as Box<Part>, number: u64),
            200 => Named {
                wait: std::time::Duration,
                address: Option<std::net::Ipv6Addr>,
                large: Vec<u8> as Bytes<65536>,
            },
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn what_is_declared_keeps_its_bounds(seed: u64) {
            check::<Message>(seed);
            check::<Part>(seed);
        }

        #[test]
        fn arbitrary_bytes_never_panic(frame in proptest::collection::vec(any::<u8>(), 0..200), tag in 0..3usize) {
            check_bytes::<Message>(&[&[[7u8, 9, 200][tag]], &frame[..]].concat());
        }
    }

    #[test]
    fn the_upper_bound_is_reached() {
        let named = 8 + 17 + 4 + 65536;
        let part = 1 + 2 + 22 + (1 + 2 + 65535) + (2 + 40);
        assert_eq!(Message::SHAPE.max_bytes(), 1 + named.max(part + 8));
        assert_eq!(longest::<Message>(), 1 + named.max(part + 8 - 42 + 2 + 3 * 11));
        assert_eq!(Part::SHAPE.max_bytes(), part);
    }

    /// Three elements within the bound each are too many bytes.
    #[test]
    fn a_list_is_bounded_in_bytes_on_both_sides() {
        type Words = List<Text<9>, 5, 22>;
        let too_long = Some(WireError::TooLong { field: "words", bound: 22 });
        let words = vec![vec![b'x'; 9]; 2];
        assert!(Words::write(&words, "words", &mut Writer::default()).is_ok());
        assert_eq!(Words::write(&vec![vec![b'x'; 9]; 3], "words", &mut Writer::default()).err(), too_long);
        let mut frame = Writer::default();
        List::<Text<9>, 5, 100>::write(&vec![vec![b'x'; 9]; 3], "words", &mut frame).unwrap();
        assert_eq!(Words::read(&mut Reader::new(frame.bytes()), "words").err(), too_long);
    }

    #[test]
    fn what_is_over_its_bound_is_not_written() {
        let mut part = Part { one: 0, two: 0, name: vec![b'x'; 20], small: None, words: vec![vec![]; 5] };
        assert!(Part::write(&part, "", &mut Writer::default()).is_ok());
        part.words.push(vec![]);
        let error = Part::write(&part, "", &mut Writer::default()).err();
        assert_eq!(error, Some(WireError::TooLong { field: "words", bound: 5 }));
        part.name.push(b'x');
        let error = Part::write(&part, "", &mut Writer::default()).err();
        assert_eq!(error, Some(WireError::TooLong { field: "name", bound: 20 }));
    }
}
