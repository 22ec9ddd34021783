//! A certificate as OpenVPN passes it: of the libcrypto that OpenVPN itself is linked with.
#![allow(unsafe_code)]

use std::ffi::{c_long, c_void};
use std::mem;
use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

use crate::openvpn_program::libraries_of_openvpn;

type Read = unsafe extern "C" fn(*mut *mut c_void, *mut *const u8, c_long) -> *mut c_void;
type Free = unsafe extern "C" fn(*mut c_void);

/// Functions of libcrypto.
#[derive(Clone, Copy)]
struct Libcrypto {
    d2i_x509: Read,
    x509_free: Free,
}

fn libcrypto() -> Option<Libcrypto> {
    static LOADED: OnceLock<Option<Libcrypto>> = OnceLock::new();
    let load = || {
        let name = libraries_of_openvpn().into_iter().find(|name| name.starts_with("libcrypto."))?;
        // SAFETY: runs the initialisers of a library that OpenVPN itself is linked with.
        let library = unsafe { Library::open(Some(&name), RTLD_NOW | RTLD_GLOBAL) }.ok()?;
        // SAFETY: libcrypto's headers give it this type.
        let d2i_x509 = *unsafe { library.get::<Read>(b"d2i_X509") }.ok()?;
        // SAFETY: as above.
        let x509_free = *unsafe { library.get::<Free>(b"X509_free") }.ok()?;
        // It stays: the functions are kept.
        mem::forget(library);
        Some(Libcrypto { d2i_x509, x509_free })
    };
    *LOADED.get_or_init(load)
}

/// An `X509`; freed when dropped.
pub(super) struct Certificate {
    pointer: *mut c_void,
    free: Free,
}

impl Certificate {
    /// Reads it from DER; `None` if there is no OpenVPN with OpenSSL on this machine.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let Libcrypto { d2i_x509, x509_free } = libcrypto()?;
        let (mut start, length) = (der.as_ptr(), c_long::try_from(der.len()).ok()?);
        // SAFETY: reads that many bytes from there, and makes a new X509 as no other is given.
        let pointer = unsafe { d2i_x509(std::ptr::null_mut(), &raw mut start, length) };
        (!pointer.is_null()).then_some(Self { pointer, free: x509_free })
    }

    pub(super) fn as_ptr(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        // SAFETY: made by d2i_X509, and not used afterwards.
        unsafe { (self.free)(self.pointer) };
    }
}
