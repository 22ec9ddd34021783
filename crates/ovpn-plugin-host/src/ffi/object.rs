//! Shared objects that are no plugins: whether they load.
#![allow(unsafe_code)]

use std::mem;
use std::path::Path;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LOCAL, RTLD_NOW};

/// Loads a shared object, and `before` it one whose symbols it may use. Both stay loaded: this is for a process that ends
/// soon, see [`fork_alone`](crate::fork_alone).
///
/// # Errors
/// What the loader says of `object`.
pub fn load(object: &Path, before: Option<&Path>) -> Result<(), String> {
    if let Some(before) = before {
        // SAFETY: runs the initialisers of a library that the caller chose; those of `object` would run them, too.
        if let Ok(library) = unsafe { Library::open(Some(before), RTLD_NOW | RTLD_GLOBAL) } {
            mem::forget(library);
        }
    }
    // SAFETY: runs the initialisers of the library the caller chose to try.
    let library =
        unsafe { Library::open(Some(object), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| error.to_string())?;
    mem::forget(library);
    Ok(())
}
