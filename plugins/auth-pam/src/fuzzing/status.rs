//! The line of a caller at the socket of `status=`.

use crate::protocol::MAX_TEXT;
use crate::supervisor::fuzzing::StatusRequest;

/// A line without its end.
///
/// # Panics
/// If it is taken for another one than a slow reading of the rules gives.
pub fn status(line: &[u8]) {
    let name = line.strip_prefix(b"revoke ").filter(|name| (1..=MAX_TEXT).contains(&name.len()));
    let source = line.strip_prefix(b"unblock ").filter(|source| !source.is_empty());
    let expected = match (name, source) {
        (Some(name), _) if !name.contains(&0) => Some(StatusRequest::Revoke(name)),
        (_, Some(source)) => Some(StatusRequest::Unblock(source)),
        _ => (line == b"status").then_some(StatusRequest::Status),
    };
    match StatusRequest::parse(line) {
        Ok(request) => assert_eq!(Some(request), expected),
        Err(why) => assert!(expected.is_none() && !why.is_empty() && !why.contains('\n')),
    }
}
