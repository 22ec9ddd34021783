//! Random bytes from the system, also in a chroot that has no /dev/urandom.
#![allow(unsafe_code)]

use std::io;

/// So many random bytes, which nobody can guess.
///
/// # Errors
/// If the system has none to give.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn random<const BYTES: usize>() -> io::Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        // SAFETY: the kernel writes at most so many bytes to the slice, which is borrowed here alone.
        let count = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        match usize::try_from(count) {
            Ok(count) => filled += count,
            Err(_) => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    Ok(bytes)
}

/// The same on other Unixes.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(crate) fn random<const BYTES: usize>() -> io::Result<[u8; BYTES]> {
    use std::io::Read;

    let mut bytes = [0; BYTES];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// There is no such source here that this crate knows.
#[cfg(not(unix))]
pub(crate) fn random<const BYTES: usize>() -> io::Result<[u8; BYTES]> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_the_same() {
        let drawn: std::collections::HashSet<[u8; 16]> = (0..1000).map(|_| random().unwrap()).collect();
        assert_eq!(drawn.len(), 1000);
        // Every byte is filled: a constant one would be the same a thousand times.
        for place in 0..16 {
            assert!(
                drawn.iter().map(|bytes| bytes[place]).collect::<std::collections::HashSet<_>>().len() > 1
            );
        }
    }
}
