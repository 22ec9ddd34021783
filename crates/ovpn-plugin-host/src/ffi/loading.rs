//! Loads a plugin's file with the symbols that it finds in OpenVPN.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};
use std::mem::{self, MaybeUninit};
use std::path::Path;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LOCAL, RTLD_NOW};

use crate::openvpn_program::libraries_of_openvpn;

/// What a loader says before the name of a symbol that it does not find (glibc), and behind it (musl).
const MISSING: &str = "undefined symbol: ";
const MISSING_MUSL: &str = ": symbol not found";

/// A loaded file.
pub(super) struct LoadedFile {
    pub(super) library: Library,
    /// A symbol that the file uses without naming the library that has it, and that library: one of OpenVPN's own.
    pub(super) borrowed: Option<(String, String)>,
}

/// Loads `path` as OpenVPN does. OpenVPN is linked with libcrypto and others; their symbols are there for whatever it
/// loads. A file that does not load without them is tried again with them. They stay loaded.
pub(super) fn load(path: &Path) -> Result<LoadedFile, String> {
    let error = match open(path) {
        Ok(library) => return Ok(LoadedFile { library, borrowed: None }),
        Err(error) => error,
    };
    let Some(symbol) = missing_symbol(&error) else { return Err(error) };
    let mut owner = None;
    for name in libraries_of_openvpn() {
        // SAFETY: runs the initialisers of a library that OpenVPN itself is linked with.
        let Ok(library) = (unsafe { Library::open(Some(&name), RTLD_NOW | RTLD_GLOBAL) }) else { continue };
        owner = owner.or_else(|| owner_of(&library, &symbol));
        // OpenVPN never unloads them either.
        mem::forget(library);
    }
    let library = open(path)?;
    Ok(LoadedFile { library, borrowed: owner.map(|owner| (symbol, owner)) })
}

/// The file name of the library that has the symbol, if it is this one or one that this one needs.
fn owner_of(library: &Library, symbol: &str) -> Option<String> {
    // SAFETY: only looked up, never used.
    let symbol = unsafe { library.get::<*const c_void>(symbol.as_bytes()) }.ok()?;
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: takes any address; the structure is of the type that it fills.
    if unsafe { libc::dladdr(*symbol, info.as_mut_ptr()) } == 0 {
        return None;
    }
    // SAFETY: plain pointers, filled or null.
    let name = unsafe { info.assume_init() }.dli_fname;
    if name.is_null() {
        return None;
    }
    // SAFETY: the name of a library that is loaded, and stays so.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    Path::new(name.as_ref()).file_name().map(|name| name.to_string_lossy().into_owned())
}

fn open(path: &Path) -> Result<Library, String> {
    // SAFETY: runs the initialisers of the library the caller chose to test.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| error.to_string())
}

fn missing_symbol(error: &str) -> Option<String> {
    let glibc = error.split_once(MISSING).and_then(|(_, rest)| rest.split([' ', ',']).next());
    let musl = || error.split_once(MISSING_MUSL).and_then(|(rest, _)| rest.rsplit(' ').next());
    glibc.or_else(musl).filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_symbol_is_read_from_the_loaders_words() {
        let glibc = "/x.so: undefined symbol: X509_get_subject_name";
        assert_eq!(missing_symbol(glibc).as_deref(), Some("X509_get_subject_name"));
        let versioned = "/x.so: undefined symbol: EVP_x, version OPENSSL_3.0.0";
        assert_eq!(missing_symbol(versioned).as_deref(), Some("EVP_x"));
        let musl = "Error relocating /x.so: X509_free: symbol not found";
        assert_eq!(missing_symbol(musl).as_deref(), Some("X509_free"));
        assert_eq!(missing_symbol("/x.so: invalid ELF header"), None);
    }
}
