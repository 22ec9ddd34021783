//! What a declared message looks like, as data: its upper bound, its tests and its row in the reference document all
//! come from here.

/// How a value stands in a message.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A number, little-endian.
    Number {
        /// Its width.
        bytes: usize,
        /// The highest that is taken.
        most: u64,
        /// What it counts or stands for.
        what: &'static str,
    },
    /// Yes or no, one byte: 1 or 0.
    Flag,
    /// So many bytes, without a length before them.
    Array {
        /// How many.
        bytes: usize,
        /// What they are.
        what: &'static str,
    },
    /// A length and bytes.
    Bytes {
        /// The most of them.
        bound: usize,
        /// They end up in a C string: a NUL is refused.
        text: bool,
        /// They are wiped.
        secret: bool,
    },
    /// A flag, and the value if it is there.
    Option(&'static Shape),
    /// A count and the elements.
    List {
        /// What an element is.
        of: &'static Shape,
        /// The most elements.
        count: usize,
        /// The most bytes of all elements together.
        bytes: usize,
    },
    /// The fields, in order.
    Struct {
        /// The type.
        name: &'static str,
        /// Its fields.
        fields: &'static [Field],
    },
    /// A tag, and the fields of what it stands for.
    Enum {
        /// The type.
        name: &'static str,
        /// What the tags stand for.
        variants: &'static [Variant],
    },
}

/// A field of a message, or of a part of one.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name; underscores are blanks in errors.
    pub name: &'static str,
    /// What the declaration says of it.
    pub doc: &'static str,
    /// How it stands there.
    pub shape: &'static Shape,
}

/// What one tag stands for.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    /// The tag.
    pub tag: u8,
    /// The name.
    pub name: &'static str,
    /// What the declaration says of it.
    pub doc: &'static str,
    /// What follows the tag.
    pub fields: &'static [Field],
}

/// Bytes of a length or count with this bound.
pub const fn length_bytes(bound: usize) -> usize {
    if bound <= u16::MAX as usize { 2 } else { 4 }
}

/// Whether no tag occurs twice.
pub const fn differ(tags: &[u8]) -> bool {
    let mut at = 0;
    while at < tags.len() {
        let mut other = at + 1;
        while other < tags.len() {
            if tags[at] == tags[other] {
                return false;
            }
            other += 1;
        }
        at += 1;
    }
    true
}

impl Shape {
    /// The most bytes a value takes.
    pub const fn max_bytes(&self) -> usize {
        match self {
            Shape::Number { bytes, .. } | Shape::Array { bytes, .. } => *bytes,
            Shape::Flag => 1,
            Shape::Bytes { bound, .. } => length_bytes(*bound) + *bound,
            Shape::Option(shape) => 1 + shape.max_bytes(),
            Shape::List { count, bytes, .. } => length_bytes(*count) + *bytes,
            Shape::Struct { fields, .. } => fields_bytes(fields),
            Shape::Enum { variants, .. } => {
                let (mut longest, mut at) = (0, 0);
                while at < variants.len() {
                    let bytes = fields_bytes(variants[at].fields);
                    longest = if bytes > longest { bytes } else { longest };
                    at += 1;
                }
                1 + longest
            }
        }
    }
}

const fn fields_bytes(fields: &[Field]) -> usize {
    let (mut sum, mut at) = (0, 0);
    while at < fields.len() {
        sum += fields[at].shape.max_bytes();
        at += 1;
    }
    sum
}
