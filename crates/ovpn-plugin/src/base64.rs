//! Base64 (RFC 4648, with padding) in constant time, for secrets too; needs nothing of the host, so it works with every
//! version of OpenVPN.

use std::fmt;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

/// The text is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError;

impl fmt::Display for DecodeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not base64, or its padding is wrong")
    }
}

impl std::error::Error for DecodeError {}

/// Encodes bytes.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// Decodes text. The result holds what the text held: [`wipe`](crate::wipe()) it if that is a secret.
///
/// # Errors
/// If the text is not base64 with padding; blanks and newlines count as such.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    // Wiped if it is given up half decoded.
    let mut bytes = Zeroizing::new(vec![0; text.len()]);
    let length = Base64::decode(text, &mut bytes).map_err(|_| DecodeError)?.len();
    bytes.truncate(length);
    Ok(std::mem::take(&mut bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded.as_bytes()).as_deref(), Ok(plain.as_bytes()));
        }
        for bad in ["Zg", "Zg=", "Z===", "Zm9v\n", " Zm9v", "Zm9v!", "Zh=="] {
            assert_eq!(decode(bad.as_bytes()), Err(DecodeError), "{bad:?}");
        }
        assert_eq!(decode(b"\xff\xff\xff\xff"), Err(DecodeError));
    }

    proptest! {
        #[test]
        fn there_and_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()), Ok(bytes));
        }
    }
}
