//! A loaded plugin: its symbols, and the calls into it.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_int, c_uint};
use std::io;
use std::path::Path;

use libloading::os::unix::Library as Loaded;
use ovpn_plugin_sys as sys;

use super::guarded::Guarded;
use super::loading;
use super::return_list::take_list;
use super::{LogSlot, Session, callbacks};

/// Size in bytes of `plugin_args_open_in` and `plugin_callbacks` in a struct version.
fn struct_bytes(version: c_int) -> (usize, usize) {
    let open_in = match version {
        ..=1 => std::mem::offset_of!(sys::plugin_args_open_in, ssl_api),
        2 => std::mem::offset_of!(sys::plugin_args_open_in, ovpn_version),
        _ => size_of::<sys::plugin_args_open_in>(),
    };
    let callbacks = match version {
        ..=3 => std::mem::offset_of!(sys::plugin_callbacks, plugin_secure_memzero),
        4 => std::mem::offset_of!(sys::plugin_callbacks, plugin_base64_encode),
        _ => size_of::<sys::plugin_callbacks>(),
    };
    (open_in, callbacks)
}

/// Every symbol OpenVPN looks for.
const SYMBOLS: [&str; 12] = [
    "openvpn_plugin_open_v1",
    "openvpn_plugin_open_v2",
    "openvpn_plugin_open_v3",
    "openvpn_plugin_func_v1",
    "openvpn_plugin_func_v2",
    "openvpn_plugin_func_v3",
    "openvpn_plugin_close_v1",
    "openvpn_plugin_abort_v1",
    "openvpn_plugin_client_constructor_v1",
    "openvpn_plugin_client_destructor_v1",
    "openvpn_plugin_min_version_required_v1",
    "openvpn_plugin_select_initialization_point_v1",
];

enum Open {
    V1(sys::open_v1_t),
    V2(sys::open_v2_t),
    V3(sys::open_v3_t),
}

pub(super) enum Func {
    V1(sys::func_v1_t),
    V2(sys::func_v2_t),
    V3(sys::func_v3_t),
}

/// What OpenVPN passes to open.
pub(crate) struct OpenWith<'a> {
    pub(crate) struct_version: c_int,
    pub(crate) offered: c_int,
    pub(crate) ssl_api: c_int,
    pub(crate) openvpn_version: (&'a CStr, c_uint, c_uint, &'a CStr),
    pub(crate) argv: &'a [CString],
    pub(crate) envp: &'a [CString],
    pub(crate) log: &'a LogSlot,
}

/// What open gave back. Without a session the plugin refused.
pub(crate) struct Opened {
    pub(crate) code: c_int,
    pub(crate) mask: c_int,
    pub(crate) session: Option<Session>,
}

/// A loaded plugin; unloaded when dropped.
pub(crate) struct Library {
    open: Open,
    pub(super) func: Func,
    pub(super) close: sys::close_v1_t,
    pub(super) abort: Option<sys::abort_v1_t>,
    pub(super) constructor: Option<sys::client_constructor_v1_t>,
    pub(super) destructor: Option<sys::client_destructor_v1_t>,
    pub(crate) init_point: c_int,
    pub(crate) min_version: c_int,
    pub(crate) symbols: Vec<&'static str>,
    /// A symbol of another library that the file does not name, and that library.
    pub(crate) borrowed: Option<(String, String)>,
    /// Unloaded before what follows, as in OpenVPN: what runs then may still look at the words of its line.
    _loaded: Loaded,
    /// What the plugin was opened with: it may keep pointers to it (C plugins do) as long as it is loaded.
    kept: Vec<Guarded>,
    kept_strings: Vec<CString>,
}

impl Library {
    /// Loads `path` and looks the symbols up as OpenVPN does. The error names what is missing.
    pub(crate) fn load(path: &Path) -> Result<Self, String> {
        let loading::LoadedFile { library: loaded, borrowed } = loading::load(path)?;
        macro_rules! symbol {
            ($name:literal, $type:ty) => {{
                // SAFETY: the interface gives the symbol this type.
                unsafe { loaded.get::<$type>($name) }.ok().map(|symbol| *symbol)
            }};
        }
        let open = symbol!(b"openvpn_plugin_open_v3", sys::open_v3_t)
            .map(Open::V3)
            .or_else(|| symbol!(b"openvpn_plugin_open_v2", sys::open_v2_t).map(Open::V2))
            .or_else(|| symbol!(b"openvpn_plugin_open_v1", sys::open_v1_t).map(Open::V1))
            .ok_or("openvpn_plugin_open_vX is missing")?;
        let func = symbol!(b"openvpn_plugin_func_v3", sys::func_v3_t)
            .map(Func::V3)
            .or_else(|| symbol!(b"openvpn_plugin_func_v2", sys::func_v2_t).map(Func::V2))
            .or_else(|| symbol!(b"openvpn_plugin_func_v1", sys::func_v1_t).map(Func::V1))
            .ok_or("openvpn_plugin_func_vX is missing")?;
        let close = symbol!(b"openvpn_plugin_close_v1", sys::close_v1_t)
            .ok_or("openvpn_plugin_close_v1 is missing")?;
        let init_point =
            symbol!(b"openvpn_plugin_select_initialization_point_v1", sys::select_initialization_point_v1_t);
        let min_version = symbol!(b"openvpn_plugin_min_version_required_v1", sys::min_version_required_v1_t);
        let symbols = SYMBOLS.into_iter().filter(|name| {
            // SAFETY: only looked up, never used.
            unsafe { loaded.get::<*const ()>(name.as_bytes()) }.is_ok()
        });
        let symbols = symbols.collect();
        Ok(Self {
            open,
            func,
            close,
            abort: symbol!(b"openvpn_plugin_abort_v1", sys::abort_v1_t),
            constructor: symbol!(b"openvpn_plugin_client_constructor_v1", sys::client_constructor_v1_t),
            destructor: symbol!(b"openvpn_plugin_client_destructor_v1", sys::client_destructor_v1_t),
            // SAFETY: takes nothing.
            init_point: init_point.map_or(sys::PLUGIN_INIT_PRE_DAEMON, |ask| unsafe { ask() }),
            // SAFETY: takes nothing.
            min_version: min_version.map_or(0, |ask| unsafe { ask() }),
            symbols,
            borrowed,
            _loaded: loaded,
            kept: Vec::new(),
            kept_strings: Vec::new(),
        })
    }

    /// Opens the plugin.
    pub(crate) fn open(mut self, with: &OpenWith<'_>) -> io::Result<Opened> {
        let (open_bytes, callbacks_bytes) = struct_bytes(with.struct_version);
        self.kept_strings = [with.argv, with.envp].concat();
        let (argv_strings, envp_strings) = self.kept_strings.split_at(with.argv.len());
        let (argv, envp) = (Guarded::pointers(argv_strings)?, Guarded::pointers(envp_strings)?);
        let callbacks = sys::plugin_callbacks {
            plugin_log: with.log.log(),
            plugin_vlog: with.log.vlog(),
            plugin_secure_memzero: Some(callbacks::secure_memzero),
            plugin_base64_encode: Some(callbacks::base64_encode),
            plugin_base64_decode: Some(callbacks::base64_decode),
        };
        let callbacks = Guarded::new(&callbacks, callbacks_bytes)?;
        let mut returned: *mut sys::plugin_string_list = std::ptr::null_mut();
        let arguments = sys::plugin_args_open_in {
            type_mask: with.offered,
            argv: argv.as_ptr(),
            envp: envp.as_ptr(),
            callbacks: callbacks.as_ptr(),
            ssl_api: with.ssl_api,
            ovpn_version: with.openvpn_version.0.as_ptr(),
            ovpn_version_major: with.openvpn_version.1,
            ovpn_version_minor: with.openvpn_version.2,
            ovpn_version_patch: with.openvpn_version.3.as_ptr(),
        };
        let arguments = Guarded::new(&arguments, open_bytes)?;
        let answer = sys::plugin_args_open_return {
            type_mask: 0,
            handle: std::ptr::null_mut(),
            return_list: &raw mut returned,
        };
        let answer = Guarded::new(&answer, size_of_val(&answer))?;
        let mut mask = with.offered;
        // In all three, called as the interface says, with memory that lives until the library is unloaded or longer.
        let (code, wanted, handle) = match self.open {
            Open::V3(open) => {
                // SAFETY: as above.
                let code = unsafe { open(with.struct_version, arguments.as_ptr(), answer.as_ptr()) };
                // SAFETY: our own memory of that type.
                let answer = unsafe { answer.as_ptr::<sys::plugin_args_open_return>().read() };
                (code, answer.type_mask, answer.handle)
            }
            Open::V2(open) => {
                // SAFETY: as above.
                let handle =
                    unsafe { open((&raw mut mask).cast(), argv.as_ptr(), envp.as_ptr(), &raw mut returned) };
                (sys::PLUGIN_FUNC_SUCCESS, mask, handle)
            }
            Open::V1(open) => {
                // SAFETY: as above.
                let handle = unsafe { open((&raw mut mask).cast(), argv.as_ptr(), envp.as_ptr()) };
                (sys::PLUGIN_FUNC_SUCCESS, mask, handle)
            }
        };
        // SAFETY: null or a list of the plugin.
        unsafe { take_list(returned) };
        self.kept = vec![argv, envp, callbacks, arguments, answer];
        let open = code == sys::PLUGIN_FUNC_SUCCESS && !handle.is_null();
        let session = open.then(|| Session::new(self, handle, with.struct_version));
        Ok(Opened { code, mask: wanted, session })
    }
}
