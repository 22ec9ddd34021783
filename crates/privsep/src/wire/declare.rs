//! A message, or a part of one, is declared once; type, writing, reading, bound and description are made from that.
//!
//! ```
//! use privsep::wire::Text;
//!
//! privsep::wire! {
//!     /// Supervisor to worker.
//!     #[derive(Debug)]
//!     pub enum Order {
//!         /// Greet somebody.
//!         1 => Greet {
//!             /// Whom.
//!             name: Vec<u8> as Text<64>,
//!             /// How often.
//!             times: u8,
//!         },
//!         /// Pause for so many seconds.
//!         2 => Pause(seconds: u64),
//!         /// Stop.
//!         3 => Leave,
//!     }
//! }
//! privsep::message!(Order);
//!
//! assert_eq!(<Order as privsep::Message>::MAX_BYTES, 1 + (2 + 64) + 1);
//! ```
//!
//! The fields stand in the message in the order of the declaration. A field whose type is no encoding of its own names
//! one after `as`. Two variants with one tag do not compile:
//!
//! ```compile_fail,E0080
//! privsep::wire! {
//!     enum Order {
//!         1 => Greet,
//!         1 => Leave,
//!     }
//! }
//! ```

/// Declares a struct or an enum that crosses a border, see [`wire::declare`](crate::wire::declare).
#[macro_export]
macro_rules! wire {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $fvis:vis $field:ident: $type:ty $(as $encoding:ty)?
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $( $(#[doc = $doc])* $fvis $field: $type, )*
        }

        impl $crate::wire::Encoding for $name {
            type Value = Self;
            const SHAPE: $crate::wire::Shape = $crate::wire::Shape::Struct {
                name: stringify!($name),
                fields: &[ $( $crate::wire!(@field $field, concat!($($doc),*), $type $(, $encoding)?), )* ],
            };

            fn write(value: &Self, _: &'static str, to: &mut $crate::Writer) -> Result<(), $crate::WireError> {
                $( $crate::wire!(@write &value.$field, $field, to, $type $(, $encoding)?); )*
                Ok(())
            }

            fn read(from: &mut $crate::Reader<'_>, _: &'static str) -> Result<Self, $crate::WireError> {
                Ok($name { $( $field: $crate::wire!(@read $field, from, $type $(, $encoding)?), )* })
            }
        }
    };
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $tag:literal => $variant:ident
                $( ( $( $place:ident: $ptype:ty $(as $pencoding:ty)? ),+ ) )?
                $( {
                    $(
                        $(#[doc = $fdoc:literal])*
                        $field:ident: $ftype:ty $(as $fencoding:ty)?
                    ),+ $(,)?
                } )?
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis enum $name {
            $(
                $(#[doc = $doc])*
                $variant
                $( ( $( $ptype ),+ ) )?
                $( { $( $(#[doc = $fdoc])* $field: $ftype, )+ } )?
            ),+
        }

        const _: () = assert!($crate::wire::differ(&[$($tag),+]), "two variants have one tag");

        impl $crate::wire::Encoding for $name {
            type Value = Self;
            const SHAPE: $crate::wire::Shape = $crate::wire::Shape::Enum {
                name: stringify!($name),
                variants: &[ $( $crate::wire::Variant {
                    tag: $tag,
                    name: stringify!($variant),
                    doc: concat!($($doc),*),
                    fields: &[
                        $( $( $crate::wire!(@field $place, "", $ptype $(, $pencoding)?), )+ )?
                        $( $( $crate::wire!(@field $field, concat!($($fdoc),*), $ftype $(, $fencoding)?), )+ )?
                    ],
                }, )+ ],
            };

            fn write(value: &Self, _: &'static str, to: &mut $crate::Writer) -> Result<(), $crate::WireError> {
                match value {
                    $( $name::$variant $( ( $( $place ),+ ) )? $( { $( $field ),+ } )? => {
                        to.u8($tag);
                        $( $( $crate::wire!(@write $place, $place, to, $ptype $(, $pencoding)?); )+ )?
                        $( $( $crate::wire!(@write $field, $field, to, $ftype $(, $fencoding)?); )+ )?
                    } )+
                }
                Ok(())
            }

            fn read(from: &mut $crate::Reader<'_>, field: &'static str) -> Result<Self, $crate::WireError> {
                match from.u8()? {
                    $( $tag => Ok($name::$variant
                        $( ( $( $crate::wire!(@read $place, from, $ptype $(, $pencoding)?) ),+ ) )?
                        $( { $( $field: $crate::wire!(@read $field, from, $ftype $(, $fencoding)?), )+ } )?
                    ), )+
                    value => Err($crate::WireError::Unknown { field, value: value.into() }),
                }
            }
        }
    };
    (@encoding $type:ty) => { $type };
    (@encoding $type:ty, $encoding:ty) => { $encoding };
    (@field $field:ident, $doc:expr, $($encoding:ty),+) => {
        $crate::wire::Field {
            name: stringify!($field),
            doc: $doc,
            shape: &<$crate::wire!(@encoding $($encoding),+) as $crate::wire::Encoding>::SHAPE,
        }
    };
    (@write $value:expr, $field:ident, $to:ident, $($encoding:ty),+) => {
        <$crate::wire!(@encoding $($encoding),+) as $crate::wire::Encoding>::write($value, stringify!($field), $to)?
    };
    (@read $field:ident, $from:ident, $($encoding:ty),+) => {
        <$crate::wire!(@encoding $($encoding),+) as $crate::wire::Encoding>::read($from, stringify!($field))?
    };
}

/// Makes a message of its own of a type that [`wire!`](crate::wire!) has declared.
#[macro_export]
macro_rules! message {
    ($name:ty) => {
        impl $crate::Message for $name {
            const MAX_BYTES: usize = <$name as $crate::wire::Encoding>::SHAPE.max_bytes();

            fn encode(&self, to: &mut $crate::Writer) -> Result<(), $crate::WireError> {
                <$name as $crate::wire::Encoding>::write(self, "tag", to)
            }

            fn decode(mut from: $crate::Reader<'_>) -> Result<Self, $crate::WireError> {
                let message = <$name as $crate::wire::Encoding>::read(&mut from, "tag")?;
                from.end().map(|()| message)
            }
        }
    };
}
