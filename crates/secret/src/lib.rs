//! Bytes that must not outlive their use: wiped on drop, printed as `[redacted]`, given away only by name.
//!
//! The type has no `Display`, no `Deref`, no `PartialEq` and no `Clone`: every place that reads the bytes says
//! [`Secret::expose`], so a search for that word lists them all.

pub mod reading;

use std::fmt;
use zeroize::Zeroizing;

/// Secret bytes (a password, a challenge response).
///
/// The buffer is overwritten with zeros when the value is dropped, spare capacity included.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes ownership of a buffer; it is wiped when the secret is dropped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Secret(Zeroizing::new(bytes))
    }

    /// Copies bytes the caller does not own. Wiping the original stays the caller's duty.
    pub fn copy_of(bytes: &[u8]) -> Self {
        Secret::new(bytes.to_vec())
    }

    /// The bytes themselves. The caller must keep them out of logs and out of copies that are not wiped.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_the_bytes() {
        let secret = Secret::copy_of(b"hunter2");
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(format!("{:#?}", Some(&secret)).replace(char::is_whitespace, ""), "Some([redacted],)");
    }

    #[test]
    fn expose_gives_the_bytes_unchanged() {
        let secret = Secret::new(vec![0, 1, 255]);
        assert_eq!(secret.expose(), [0, 1, 255]);
        assert_eq!(secret.len(), 3);
        assert!(!secret.is_empty());
    }
}
