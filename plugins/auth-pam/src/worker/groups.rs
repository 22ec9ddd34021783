//! The groups of a user, from the machine's name service.

use std::ffi::CStr;

use nix::unistd::{Gid, User, getgrouplist};

/// All of them; nothing for a user that the name service does not know.
///
/// # Errors
/// If the name service could not say.
pub fn of_user(name: &CStr) -> nix::Result<Option<Vec<Gid>>> {
    let Ok(text) = name.to_str() else { return Ok(None) };
    User::from_name(text)?.map(|user| getgrouplist(name, user.gid)).transpose()
}
