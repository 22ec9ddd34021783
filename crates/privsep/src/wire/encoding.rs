//! How each type of field is written and read.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::shape::Shape;
use super::{Reader, WireError, Writer};

/// A way to write and read a value. Plain types are their own; bytes have one that carries their bound.
pub trait Encoding {
    /// What is written and read.
    type Value;
    /// How it stands in a message.
    const SHAPE: Shape;
    /// Writes a value.
    ///
    /// # Errors
    /// [`WireError::TooLong`].
    fn write(value: &Self::Value, field: &'static str, to: &mut Writer) -> Result<(), WireError>;
    /// Reads one.
    ///
    /// # Errors
    /// What is not exactly what `write` writes is refused.
    fn read(from: &mut Reader<'_>, field: &'static str) -> Result<Self::Value, WireError>;
}

/// At most `BOUND` bytes.
pub struct Bytes<const BOUND: usize>;

impl<const BOUND: usize> Encoding for Bytes<BOUND> {
    type Value = Vec<u8>;
    const SHAPE: Shape = Shape::Bytes { bound: BOUND, text: false, secret: false };

    fn write(value: &Vec<u8>, field: &'static str, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field(field, value, BOUND)
    }

    fn read(from: &mut Reader<'_>, field: &'static str) -> Result<Vec<u8>, WireError> {
        from.bytes_field(field, BOUND).map(<[u8]>::to_vec)
    }
}

/// At most `BOUND` bytes that end up in a C string: with a NUL they are refused.
pub struct Text<const BOUND: usize>;

impl<const BOUND: usize> Encoding for Text<BOUND> {
    type Value = Vec<u8>;
    const SHAPE: Shape = Shape::Bytes { bound: BOUND, text: true, secret: false };

    fn write(value: &Vec<u8>, field: &'static str, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field(field, value, BOUND)
    }

    fn read(from: &mut Reader<'_>, field: &'static str) -> Result<Vec<u8>, WireError> {
        from.text_field(field, BOUND).map(<[u8]>::to_vec)
    }
}

/// At most `COUNT` elements, which take at most `BYTES` together.
pub struct List<Of, const COUNT: usize, const BYTES: usize>(Of);

impl<Of: Encoding, const COUNT: usize, const BYTES: usize> Encoding for List<Of, COUNT, BYTES> {
    type Value = Vec<Of::Value>;
    const SHAPE: Shape = Shape::List { of: &Of::SHAPE, count: COUNT, bytes: BYTES };

    fn write(value: &Vec<Of::Value>, field: &'static str, to: &mut Writer) -> Result<(), WireError> {
        to.length(field, value.len(), COUNT)?;
        let start = to.bytes().len();
        for element in value {
            Of::write(element, field, to)?;
            if to.bytes().len() - start > BYTES {
                return Err(WireError::TooLong { field, bound: BYTES });
            }
        }
        Ok(())
    }

    fn read(from: &mut Reader<'_>, field: &'static str) -> Result<Vec<Of::Value>, WireError> {
        let count = from.length(field, COUNT)?;
        let start = from.left();
        // Not with room for `count`, which may be more than the frame holds.
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(Of::read(from, field)?);
            if start - from.left() > BYTES {
                return Err(WireError::TooLong { field, bound: BYTES });
            }
        }
        Ok(all)
    }
}

impl<Of: Encoding> Encoding for Option<Of> {
    type Value = Option<Of::Value>;
    const SHAPE: Shape = Shape::Option(&Of::SHAPE);

    fn write(value: &Self::Value, field: &'static str, to: &mut Writer) -> Result<(), WireError> {
        to.flag(value.is_some());
        value.as_ref().map_or(Ok(()), |value| Of::write(value, field, to))
    }

    fn read(from: &mut Reader<'_>, field: &'static str) -> Result<Self::Value, WireError> {
        if from.flag(field)? { Of::read(from, field).map(Some) } else { Ok(None) }
    }
}

impl<Of: Encoding> Encoding for Box<Of> {
    type Value = Box<Of::Value>;
    const SHAPE: Shape = Of::SHAPE;

    fn write(value: &Self::Value, field: &'static str, to: &mut Writer) -> Result<(), WireError> {
        Of::write(value, field, to)
    }

    fn read(from: &mut Reader<'_>, field: &'static str) -> Result<Self::Value, WireError> {
        Of::read(from, field).map(Box::new)
    }
}

impl Encoding for bool {
    type Value = bool;
    const SHAPE: Shape = Shape::Flag;

    fn write(value: &bool, _field: &'static str, to: &mut Writer) -> Result<(), WireError> {
        to.flag(*value);
        Ok(())
    }

    fn read(from: &mut Reader<'_>, field: &'static str) -> Result<bool, WireError> {
        from.flag(field)
    }
}

impl<const BYTES: usize> Encoding for [u8; BYTES] {
    type Value = [u8; BYTES];
    const SHAPE: Shape = Shape::Array { bytes: BYTES, what: "bytes" };

    fn write(value: &[u8; BYTES], _field: &'static str, to: &mut Writer) -> Result<(), WireError> {
        to.array(value);
        Ok(())
    }

    fn read(from: &mut Reader<'_>, _field: &'static str) -> Result<[u8; BYTES], WireError> {
        from.array()
    }
}

/// Types that are a number or an array of bytes under another name. The last two are functions that lead there, and
/// back: nothing, if no value has that number.
macro_rules! as_another {
    ($($type:ty as $other:ty: $shape:expr, $there:expr, $back:expr;)*) => { $(
        impl Encoding for $type {
            type Value = $type;
            const SHAPE: Shape = $shape;

            fn write(value: &$type, field: &'static str, to: &mut Writer) -> Result<(), WireError> {
                let there: fn(&$type) -> $other = $there;
                <$other>::write(&there(value), field, to)
            }

            fn read(from: &mut Reader<'_>, field: &'static str) -> Result<$type, WireError> {
                let back: fn($other) -> $type = $back;
                <$other>::read(from, field).map(back)
            }
        }
    )* };
}

macro_rules! numbers {
    ($($type:ty)*) => { as_another! { $(
        $type as [u8; size_of::<$type>()]:
            Shape::Number { bytes: size_of::<$type>(), most: <$type>::MAX as u64, what: "number" },
            |value| value.to_le_bytes(), <$type>::from_le_bytes;
    )* } };
}

numbers! { u8 u16 u32 u64 }

as_another! {
    i32 as [u8; 4]: Shape::Number { bytes: 4, most: u32::MAX as u64, what: "signed number" },
        |value| value.to_le_bytes(), i32::from_le_bytes;
    Duration as u64: Shape::Number { bytes: 8, most: u64::MAX, what: "microseconds" },
        |value| u64::try_from(value.as_micros()).unwrap_or(u64::MAX), Duration::from_micros;
    Ipv4Addr as [u8; 4]: Shape::Array { bytes: 4, what: "IPv4 address" }, Ipv4Addr::octets, Ipv4Addr::from;
    Ipv6Addr as [u8; 16]: Shape::Array { bytes: 16, what: "IPv6 address" }, Ipv6Addr::octets, Ipv6Addr::from;
}
