//! OpenVPN's certificate as a type of the crate `openssl`, where both use the very same library.
#![allow(unsafe_code)]

use std::ffi::c_void;

use foreign_types_shared::ForeignTypeRef;
use openssl::x509::X509Ref;

use crate::TlsVerify;
use crate::{Certificate, SslApi};

impl<'a> TlsVerify<'a> {
    /// The certificate as the crate `openssl` has it. `None` if there is none, if OpenVPN uses another TLS library or
    /// struct version 1, or if it uses another copy of OpenSSL than this plugin (one of them is linked statically).
    #[must_use]
    pub fn x509(&self) -> Option<&X509Ref> {
        x509(self.certificate()?)
    }
}

fn x509<'a>(certificate: Certificate) -> Option<&'a X509Ref> {
    if certificate.ssl_api != Some(SslApi::OpenSsl) || !is_same_library() {
        return None;
    }
    // SAFETY: the host says that it is an X509 of OpenSSL, of the library that we use too, and events live no longer
    // than the call it is passed to.
    Some(unsafe { X509Ref::from_ptr(certificate.pointer.as_ptr().cast()) })
}

/// Whether the program's OpenSSL is the one this plugin calls.
fn is_same_library() -> bool {
    // SAFETY: loads the program itself, which is loaded already; the name is null for that.
    let program = unsafe { libc::dlopen(std::ptr::null(), libc::RTLD_LAZY) };
    if program.is_null() {
        return false;
    }
    // SAFETY: an open handle and a string.
    let theirs = unsafe { libc::dlsym(program, c"X509_get_subject_name".as_ptr()) };
    // SAFETY: opened above; the program stays loaded.
    unsafe { libc::dlclose(program) };
    let ours: unsafe extern "C" fn(_) -> _ = openssl_sys::X509_get_subject_name;
    std::ptr::eq(theirs, ours as *const c_void)
}

#[cfg(test)]
mod tests {
    use std::ptr::NonNull;

    use super::*;

    /// The pointer leads nowhere: to look at it would be the end of the test.
    #[test]
    fn what_is_not_known_as_openssls_is_not_touched() {
        for ssl_api in [None, Some(SslApi::None), Some(SslApi::MbedTls), Some(SslApi::Other(3))] {
            let certificate = Certificate { pointer: NonNull::dangling(), depth: 0, ssl_api };
            assert!(x509(certificate).is_none(), "{ssl_api:?}");
        }
    }

    /// These tests call the library they are linked with.
    #[test]
    fn the_programs_own_library_is_known() {
        assert!(is_same_library());
    }
}
