//! What only the worker needs of a login. It crosses the supervisor as opaque blocks.

use privsep::wire::{Encoding, Shape, Text};
use privsep::{Message, Reader, WireError, Writer};
use secret::Secret;

use super::MAX_CREDENTIAL;

/// Longest value of [`Client`], in bytes.
pub const MAX_CLIENT_VALUE: usize = 128;
/// Longest block of [`Client`], in bytes.
pub const MAX_CLIENT: usize = Client::MAX_BYTES;
/// Longest block of [`Credentials`], in bytes.
pub const MAX_BLOCK: usize = Credentials::MAX_BYTES;

privsep::wire! {
    /// What the client has sent to be let in.
    #[derive(Debug)]
    pub struct Credentials {
        /// Password, without the wrapping of a static challenge; or the answer to a question.
        pub password: Secret as SecretText<MAX_CREDENTIAL>,
        /// Response to a static challenge, possibly an empty one; nothing if the client sent none.
        pub response: Option<Secret> as Option<SecretText<MAX_CREDENTIAL>>,
    }
}

privsep::wire! {
    /// What PAM modules may want to know of the client, for their environment. Apart from the credentials, because it is not
    /// the same at each attempt with the same ones.
    #[derive(Debug, Default, PartialEq, Eq)]
    pub struct Client {
        /// Address; each of these is empty when unknown.
        pub address: Vec<u8> as Text<MAX_CLIENT_VALUE>,
        /// Port.
        pub port: Vec<u8> as Text<MAX_CLIENT_VALUE>,
        /// OpenVPN's id of the session.
        pub session_id: Vec<u8> as Text<MAX_CLIENT_VALUE>,
        /// The version the client claims to be.
        pub version: Vec<u8> as Text<MAX_CLIENT_VALUE>,
    }
}

privsep::message!(Credentials);
privsep::message!(Client);

impl Credentials {
    /// The block that crosses the borders.
    pub fn seal(&self) -> Result<Secret, WireError> {
        let mut writer = Writer::with_capacity(Self::MAX_BYTES);
        self.encode(&mut writer)?;
        Ok(Secret::copy_of(writer.bytes()))
    }

    /// The other way round.
    pub fn unseal(block: &Secret) -> Result<Self, WireError> {
        Self::decode(Reader::new(block.expose()))
    }
}

/// Encodes a block of at most `BOUND` bytes that is wiped wherever it is.
pub struct SecretBytes<const BOUND: usize>;

impl<const BOUND: usize> Encoding for SecretBytes<BOUND> {
    type Value = Secret;
    const SHAPE: Shape = Shape::Bytes { bound: BOUND, text: false, secret: true };

    fn write(value: &Secret, field: &'static str, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field(field, value.expose(), BOUND)
    }

    fn read(from: &mut Reader<'_>, field: &'static str) -> Result<Secret, WireError> {
        from.bytes_field(field, BOUND).map(Secret::copy_of)
    }
}

/// The same, and the bytes end up in a C string.
pub struct SecretText<const BOUND: usize>;

impl<const BOUND: usize> Encoding for SecretText<BOUND> {
    type Value = Secret;
    const SHAPE: Shape = Shape::Bytes { bound: BOUND, text: true, secret: true };

    fn write(value: &Secret, field: &'static str, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field(field, value.expose(), BOUND)
    }

    fn read(from: &mut Reader<'_>, field: &'static str) -> Result<Secret, WireError> {
        from.text_field(field, BOUND).map(Secret::copy_of)
    }
}
