//! How a file begins that the configuration names.

use crate::permissions::interpreter_in;

/// Bytes of a file that the kernel looks at.
const SEEN: usize = 256;

/// An interpreter is taken from the first line alone, whole, and only if the kernel would take the same.
///
/// # Panics
/// If it is not so.
pub fn executable(file: &[u8]) {
    let head = &file[..file.len().min(SEEN)];
    let Some(name) = interpreter_in(head) else { return };
    // What the kernel sees of a shorter file ends in zeros.
    let mut seen = [0; SEEN];
    seen[..head.len()].copy_from_slice(head);
    let text = seen.strip_prefix(b"#!").expect("a script begins so");
    let at = text.iter().position(|byte| *byte != b' ' && *byte != b'\t').expect("it names an interpreter");
    assert_eq!(text.get(at..at + name.len()), Some(name), "it is another one");
    assert!(!name.is_empty() && !name.iter().any(|byte| b" \t\n\0".contains(byte)), "it has several words");
    let after = text.get(at + name.len()).expect("it may be cut");
    assert!(b" \t\n\0".contains(after), "it goes on");
}
