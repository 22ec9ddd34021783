//! Secrets: wiping them, without OpenVPN's own function, which hosts before struct version 4 lack; and comparing them.

use std::hint::black_box;

use zeroize::Zeroize;

/// Overwrites bytes with zeros, in a way the compiler does not leave out.
///
/// ```
/// let mut password = b"hunter2".to_vec();
/// ovpn_plugin::wipe(&mut password);
/// assert_eq!(password, [0; 7]);
/// ```
pub fn wipe(bytes: &mut [u8]) {
    bytes.zeroize();
}

/// Whether two secrets are the same. The time it takes tells nothing of where they differ, only whether their lengths
/// do.
#[must_use]
pub fn same_secret(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && black_box(one.iter().zip(other).fold(0, |differs, (a, b)| black_box(differs | (a ^ b)))) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn same_is_equal(one in prop::collection::vec(0u8..3, 0..4), other in prop::collection::vec(0u8..3, 0..4)) {
            prop_assert_eq!(same_secret(&one, &other), one == other);
            prop_assert!(same_secret(&one, &one.clone()));
        }
    }
}
