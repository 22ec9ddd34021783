//! The structs of the interface.
//!
//! A host of an older struct version passes shorter structs: never make a reference to a whole one, read single
//! fields through the pointer, and only those the host's version has.

use core::ffi::{c_char, c_int, c_uint, c_void};

use crate::functions::{
    plugin_base64_decode_t, plugin_base64_encode_t, plugin_log_t, plugin_secure_memzero_t, plugin_vlog_t,
};

/// What `open` returned as its own state.
#[allow(non_camel_case_types)]
pub type plugin_handle_t = *mut c_void;

/// A node of a returned list; node, name and value are allocated with `malloc`, OpenVPN frees them.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(non_camel_case_types)]
pub struct plugin_string_list {
    /// Next node or null.
    pub next: *mut plugin_string_list,
    /// Name, NUL-terminated.
    pub name: *mut c_char,
    /// Value, NUL-terminated.
    pub value: *mut c_char,
}

/// Functions of OpenVPN a plugin may call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(non_camel_case_types)]
pub struct plugin_callbacks {
    /// Log with variable arguments (struct version 1).
    pub plugin_log: plugin_log_t,
    /// Log with a `va_list` (struct version 1).
    pub plugin_vlog: plugin_vlog_t,
    /// Wipe memory (struct version 4).
    pub plugin_secure_memzero: plugin_secure_memzero_t,
    /// Encode base64 (struct version 5).
    pub plugin_base64_encode: plugin_base64_encode_t,
    /// Decode base64 (struct version 5).
    pub plugin_base64_decode: plugin_base64_decode_t,
}

/// What OpenVPN passes to `open_v3`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(non_camel_case_types)]
pub struct plugin_args_open_in {
    /// Events this OpenVPN has (struct version 1).
    pub type_mask: c_int,
    /// Words of the `plugin` line, the path first, null-terminated (struct version 1).
    pub argv: *const *const c_char,
    /// Environment as `name=value`, null-terminated (struct version 1).
    pub envp: *const *const c_char,
    /// Functions of OpenVPN (struct version 1).
    pub callbacks: *mut plugin_callbacks,
    /// One of the `SSLAPI_` numbers (struct version 2).
    pub ssl_api: c_int,
    /// Version text (struct version 3).
    pub ovpn_version: *const c_char,
    /// Major version (struct version 3).
    pub ovpn_version_major: c_uint,
    /// Minor version (struct version 3).
    pub ovpn_version_minor: c_uint,
    /// Rest of the version (struct version 3).
    pub ovpn_version_patch: *const c_char,
}

/// What `open_v3` gives back.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(non_camel_case_types)]
pub struct plugin_args_open_return {
    /// Events the plugin wants.
    pub type_mask: c_int,
    /// The plugin's state.
    pub handle: plugin_handle_t,
    /// Where to put a returned list; may be null.
    pub return_list: *mut *mut plugin_string_list,
}

/// What OpenVPN passes to `func_v3`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(non_camel_case_types)]
pub struct plugin_args_func_in {
    /// The event. Called `type` in C.
    pub event: c_int,
    /// The event's words, the plugin's path first, null-terminated.
    pub argv: *const *const c_char,
    /// Environment as `name=value`, null-terminated.
    pub envp: *const *const c_char,
    /// What `open` returned.
    pub handle: plugin_handle_t,
    /// What the client constructor returned, or null.
    pub per_client_context: *mut c_void,
    /// Depth of `current_cert` in the chain; -1 without a certificate.
    pub current_cert_depth: c_int,
    /// The certificate (`X509` or `mbedtls_x509_crt`), or null.
    pub current_cert: *mut c_void,
}

/// What `func_v3` gives back.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(non_camel_case_types)]
pub struct plugin_args_func_return {
    /// Where to put a returned list; may be null.
    pub return_list: *mut *mut plugin_string_list,
}

/// The sizes of every 64-bit system. No field has the width of `long`, which Windows has at 32 bits.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<plugin_string_list>() == 24);
    assert!(size_of::<plugin_callbacks>() == 40);
    assert!(size_of::<plugin_args_open_in>() == 64);
    assert!(size_of::<plugin_args_open_return>() == 24);
    assert!(size_of::<plugin_args_func_in>() == 56);
    assert!(size_of::<plugin_args_func_return>() == 8);
};

/// The sizes of every 32-bit system.
#[cfg(target_pointer_width = "32")]
const _: () = {
    assert!(size_of::<plugin_string_list>() == 12);
    assert!(size_of::<plugin_callbacks>() == 20);
    assert!(size_of::<plugin_args_open_in>() == 36);
    assert!(size_of::<plugin_args_open_return>() == 12);
    assert!(size_of::<plugin_args_func_in>() == 28);
    assert!(size_of::<plugin_args_func_return>() == 4);
};
