//! Reads files that may hold secrets: the memory is wiped, since every helper that is forked later has a copy of it.

use std::fs::File;
use std::io::{self, Read};

use crate::Secret;

/// Room beyond what the file is said to have: while there is some, reading its end moves nothing.
const SPARE_BYTES: usize = 64;

/// The bytes of a file, at most so many of them.
///
/// # Errors
/// If it cannot be read.
pub fn at_most(file: &File, bytes: usize) -> io::Result<Secret> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    // All of it at once: a vector that grows leaves what it held where it was.
    let mut content = Vec::with_capacity(length.min(bytes).saturating_add(SPARE_BYTES));
    let read = file.take(bytes as u64).read_to_end(&mut content);
    let content = Secret::new(content);
    read.map(|_| content)
}
