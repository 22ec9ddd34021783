//! Opens a plugin: reads what the host's struct version holds, and answers with the events and the handle.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::marker::PhantomData;

use ovpn_plugin_sys as sys;

use super::call_secrets::Call;
use super::close::log_if_opened_again;
use super::{Instance, StringArray, host_log};
use crate::error::WithCauses;
use crate::panic_guard::{guard, plugin_closed, plugin_opened};
use crate::{Env, EventSet, OpenArgs, Plugin, SslApi, Version, lines, logging};

/// Struct version from which `ssl_api` exists.
const HAS_SSL_API: c_int = 2;
/// Struct version from which the version of OpenVPN exists.
const HAS_VERSION: c_int = 3;

/// Longest name of a plugin in bytes.
const MAX_NAME_BYTES: usize = 64;

/// A plugin's name as C has it.
struct Name<P>(PhantomData<P>);

impl<P: Plugin> Name<P> {
    const TERMINATED: &'static [u8; MAX_NAME_BYTES + 1] = &terminated(P::NAME);
}

const fn terminated(name: &str) -> [u8; MAX_NAME_BYTES + 1] {
    check_name(name);
    let mut bytes = [0; MAX_NAME_BYTES + 1];
    let mut at = 0;
    while at < name.len() {
        bytes[at] = name.as_bytes()[at];
        at += 1;
    }
    bytes
}

/// Stops the build if `name` cannot be a plugin's name in OpenVPN's log, which is part of a format there.
pub const fn check_name(name: &str) {
    let bytes = name.as_bytes();
    assert!(!bytes.is_empty(), "Plugin::NAME must not be empty: OpenVPN would drop the plugin's log");
    assert!(bytes.len() <= MAX_NAME_BYTES, "Plugin::NAME must not be longer than 64 bytes");
    let mut at = 0;
    while at < bytes.len() {
        assert!(
            bytes[at].is_ascii_graphic() && bytes[at] != b'%',
            "Plugin::NAME must be ASCII without '%' and blanks"
        );
        at += 1;
    }
}

/// Reads a field of a struct that may be shorter than its Rust mirror.
macro_rules! field {
    ($pointer:expr, $name:ident) => {{
        // SAFETY: a struct of a version that holds the field, as the user of this macro was promised.
        let place = unsafe { &raw const (*$pointer).$name };
        // SAFETY: as above.
        unsafe { place.read() }
    }};
}

/// Behind `openvpn_plugin_open_v3`.
///
/// # Safety
/// As OpenVPN calls it: both pointers are null or valid for `version`, the strings behind them stay during the call,
/// and the log function for the life of the process.
pub unsafe fn open<P: Plugin>(version: c_int, arguments: *const c_void, answer: *mut c_void) -> c_int {
    const { check_name(P::NAME) };
    let arguments = arguments.cast::<sys::plugin_args_open_in>();
    let answer = answer.cast::<sys::plugin_args_open_return>();
    // Not in the guarded part: Rust refuses to change its panic hook while a panic is under way.
    plugin_opened();
    let code = guard("open", sys::PLUGIN_FUNC_ERROR, || {
        if arguments.is_null() || answer.is_null() || version < 1 {
            logging::say(lines::opened_without_arguments(version));
            return sys::PLUGIN_FUNC_ERROR;
        }
        // SAFETY: not null, so valid for version, which is at least 1.
        let args = unsafe { read_arguments::<P>(version, arguments) };
        let variables = field!(arguments, envp);
        // SAFETY: as above; OpenVPN's variables are memory from `malloc`, and nothing of them was looked at yet.
        let _call = unsafe { Call::enter(variables) };
        logging::opened(args.env());
        logging::install();
        logging::follow_verb(args.env());
        log_if_opened_again();
        match Instance::<P>::open(&args) {
            Ok(instance) => {
                // SAFETY: not null, so the host's struct.
                unsafe { give(instance, answer) };
                sys::PLUGIN_FUNC_SUCCESS
            }
            Err(error) => {
                logging::error(format_args!("{}", WithCauses(&*error)));
                sys::PLUGIN_FUNC_ERROR
            }
        }
    });
    if code != sys::PLUGIN_FUNC_SUCCESS {
        plugin_closed();
    }
    code
}

/// # Safety
/// `answer` is the host's struct, which is the same in all versions.
unsafe fn give<P: Plugin>(instance: Instance<P>, answer: *mut sys::plugin_args_open_return) {
    // SAFETY: the caller's promise.
    let mask = unsafe { &raw mut (*answer).type_mask };
    // SAFETY: as above.
    unsafe { mask.write(instance.events.mask()) };
    // SAFETY: as above.
    let handle = unsafe { &raw mut (*answer).handle };
    // SAFETY: as above.
    unsafe { handle.write(Box::into_raw(Box::new(instance)).cast()) };
}

/// # Safety
/// `arguments` is valid for `version`, and what it points to stays for `'a`, the log function for the process.
unsafe fn read_arguments<'a, P: Plugin>(
    version: c_int,
    arguments: *const sys::plugin_args_open_in,
) -> OpenArgs<'a> {
    let callbacks = field!(arguments, callbacks);
    if !callbacks.is_null() {
        let function = field!(callbacks, plugin_log);
        let name = CStr::from_bytes_until_nul(Name::<P>::TERMINATED).unwrap_or_default();
        // SAFETY: it stays callable by the caller's promise.
        unsafe { host_log::keep(function, name) };
    }
    let (argv, envp) = (field!(arguments, argv), field!(arguments, envp));
    // SAFETY: null or a null-terminated array that stays for 'a.
    let words = unsafe { StringArray::new(argv) };
    // SAFETY: as above.
    let env = Env::new(unsafe { StringArray::new(envp) });
    let ssl_api = (version >= HAS_SSL_API).then(|| SslApi::from_number(field!(arguments, ssl_api)));
    let openvpn_version = (version >= HAS_VERSION).then(|| {
        let major: c_uint = field!(arguments, ovpn_version_major);
        let minor: c_uint = field!(arguments, ovpn_version_minor);
        let (whole, patch) = (field!(arguments, ovpn_version), field!(arguments, ovpn_version_patch));
        // SAFETY: null or a string of the host.
        let whole = unsafe { text(whole) };
        // SAFETY: as above.
        let patch = unsafe { text(patch) };
        Version { text: whole, major, minor, patch }
    });
    OpenArgs {
        words,
        env,
        offered: EventSet::from_mask(field!(arguments, type_mask)),
        struct_version: version,
        ssl_api,
        openvpn_version,
    }
}

/// # Safety
/// `pointer` is null or a string that stays for `'a`.
unsafe fn text<'a>(pointer: *const c_char) -> &'a str {
    if pointer.is_null() {
        return "";
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap_or_default()
}
