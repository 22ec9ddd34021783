//! The functions a plugin exports and those OpenVPN offers, as pointer types.
//!
//! Pointers that come from the other side are `Option`: C may pass null.
#![allow(non_camel_case_types)]

use core::ffi::{c_char, c_int, c_uint, c_void};

use crate::structs::{
    plugin_args_func_in, plugin_args_func_return, plugin_args_open_in, plugin_args_open_return,
    plugin_handle_t, plugin_string_list,
};

/// Logs: flags, name of the plugin, format, values. The format is always `"%s"`, never a message.
pub type plugin_log_t =
    Option<unsafe extern "C" fn(flags: c_int, plugin_name: *const c_char, format: *const c_char, ...)>;
/// Logs with a `va_list`, which Rust cannot make: opaque here.
pub type plugin_vlog_t = Option<
    unsafe extern "C" fn(
        flags: c_int,
        plugin_name: *const c_char,
        format: *const c_char,
        arglist: *mut c_void,
    ),
>;
/// Wipes `len` bytes.
pub type plugin_secure_memzero_t = Option<unsafe extern "C" fn(data: *mut c_void, len: usize)>;
/// Encodes `size` bytes into a `malloc`ed string at `*str`; its length, or -1.
pub type plugin_base64_encode_t =
    Option<unsafe extern "C" fn(data: *const c_void, size: c_int, str: *mut *mut c_char) -> c_int>;
/// Decodes a string into `data` of `size` bytes; the decoded length, or -1.
pub type plugin_base64_decode_t =
    Option<unsafe extern "C" fn(str: *const c_char, data: *mut c_void, size: c_int) -> c_int>;

/// `openvpn_plugin_open_v3`.
pub type open_v3_t = unsafe extern "C" fn(
    version: c_int,
    arguments: *const plugin_args_open_in,
    retptr: *mut plugin_args_open_return,
) -> c_int;
/// `openvpn_plugin_func_v3`.
pub type func_v3_t = unsafe extern "C" fn(
    version: c_int,
    arguments: *const plugin_args_func_in,
    retptr: *mut plugin_args_func_return,
) -> c_int;
/// `openvpn_plugin_close_v1`.
pub type close_v1_t = unsafe extern "C" fn(handle: plugin_handle_t);
/// `openvpn_plugin_abort_v1`.
pub type abort_v1_t = unsafe extern "C" fn(handle: plugin_handle_t);
/// `openvpn_plugin_client_constructor_v1`.
pub type client_constructor_v1_t = unsafe extern "C" fn(handle: plugin_handle_t) -> *mut c_void;
/// `openvpn_plugin_client_destructor_v1`.
pub type client_destructor_v1_t =
    unsafe extern "C" fn(handle: plugin_handle_t, per_client_context: *mut c_void);
/// `openvpn_plugin_min_version_required_v1`.
pub type min_version_required_v1_t = unsafe extern "C" fn() -> c_int;
/// `openvpn_plugin_select_initialization_point_v1`.
pub type select_initialization_point_v1_t = unsafe extern "C" fn() -> c_int;
/// `openvpn_plugin_open_v2`, older: returns the handle.
pub type open_v2_t = unsafe extern "C" fn(
    type_mask: *mut c_uint,
    argv: *const *const c_char,
    envp: *const *const c_char,
    return_list: *mut *mut plugin_string_list,
) -> plugin_handle_t;
/// `openvpn_plugin_open_v1`, oldest: returns the handle.
pub type open_v1_t = unsafe extern "C" fn(
    type_mask: *mut c_uint,
    argv: *const *const c_char,
    envp: *const *const c_char,
) -> plugin_handle_t;
/// `openvpn_plugin_func_v2`, older.
pub type func_v2_t = unsafe extern "C" fn(
    handle: plugin_handle_t,
    event: c_int,
    argv: *const *const c_char,
    envp: *const *const c_char,
    per_client_context: *mut c_void,
    return_list: *mut *mut plugin_string_list,
) -> c_int;
/// `openvpn_plugin_func_v1`, oldest.
pub type func_v1_t = unsafe extern "C" fn(
    handle: plugin_handle_t,
    event: c_int,
    argv: *const *const c_char,
    envp: *const *const c_char,
) -> c_int;
