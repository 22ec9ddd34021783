//! An open plugin and its clients. Handle and contexts never leave this file, so they cannot be mixed up or outlive
//! what they belong to.
#![allow(unsafe_code)]

use std::ffi::{CString, c_int, c_void};
use std::io;

use ovpn_plugin_sys as sys;

use super::Library;
use super::guarded::Guarded;
use super::library::Func;
use super::return_list::take_list;

/// What an event gave back.
pub(crate) struct Answer {
    pub(crate) code: c_int,
    pub(crate) returned: Vec<(CString, CString)>,
}

/// An open plugin; closed and unloaded when dropped.
pub(crate) struct Session {
    library: Library,
    handle: *mut c_void,
    struct_version: c_int,
}

impl Session {
    /// `handle` is what the open of `library` just returned.
    pub(super) fn new(library: Library, handle: *mut c_void, struct_version: c_int) -> Self {
        Self { library, handle, struct_version }
    }

    /// An event of no client.
    pub(crate) fn call(&self, event: c_int, argv: &[CString], envp: &[CString]) -> io::Result<Answer> {
        self.call_with(std::ptr::null_mut(), event, argv, envp)
    }

    fn call_with(
        &self,
        context: *mut c_void,
        event: c_int,
        argv: &[CString],
        envp: &[CString],
    ) -> io::Result<Answer> {
        let (argv, envp) = (Guarded::pointers(argv)?, Guarded::pointers(envp)?);
        let mut returned: *mut sys::plugin_string_list = std::ptr::null_mut();
        let arguments = sys::plugin_args_func_in {
            event,
            argv: argv.as_ptr(),
            envp: envp.as_ptr(),
            handle: self.handle,
            per_client_context: context,
            current_cert_depth: -1,
            current_cert: std::ptr::null_mut(),
        };
        let arguments = Guarded::new(&arguments, size_of_val(&arguments))?;
        let answer = sys::plugin_args_func_return { return_list: &raw mut returned };
        let answer = Guarded::new(&answer, size_of_val(&answer))?;
        // In all three, called as the interface says: the handle is open, the memory lives through the call.
        let code = match self.library.func {
            // SAFETY: as above.
            Func::V3(func) => unsafe { func(self.struct_version, arguments.as_ptr(), answer.as_ptr()) },
            // SAFETY: as above.
            Func::V2(func) => unsafe {
                func(self.handle, event, argv.as_ptr(), envp.as_ptr(), context, &raw mut returned)
            },
            // SAFETY: as above.
            Func::V1(func) => unsafe { func(self.handle, event, argv.as_ptr(), envp.as_ptr()) },
        };
        // SAFETY: null or a list of the plugin.
        Ok(Answer { code, returned: unsafe { take_list(returned) } })
    }

    /// Makes a client.
    pub(crate) fn client(&self) -> Context<'_> {
        // SAFETY: the handle is open as long as self.
        let pointer = self.library.constructor.map(|make| unsafe { make(self.handle) });
        Context { session: self, pointer: pointer.unwrap_or(std::ptr::null_mut()) }
    }

    /// Tells the plugin that OpenVPN dies; whether it wants to know.
    pub(crate) fn abort(&self) -> bool {
        // SAFETY: the handle is open as long as self.
        self.library.abort.map(|abort| unsafe { abort(self.handle) }).is_some()
    }

    /// When the plugin wants to be opened.
    pub(crate) fn init_point(&self) -> c_int {
        self.library.init_point
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: open until now, and not used afterwards.
        unsafe { (self.library.close)(self.handle) };
    }
}

/// A client of a session; destroyed when dropped.
pub(crate) struct Context<'a> {
    session: &'a Session,
    pointer: *mut c_void,
}

impl Context<'_> {
    /// An event of this client.
    pub(crate) fn call(&self, event: c_int, argv: &[CString], envp: &[CString]) -> io::Result<Answer> {
        self.session.call_with(self.pointer, event, argv, envp)
    }

    /// Whether the plugin keeps something for the client.
    pub(crate) fn is_kept(&self) -> bool {
        !self.pointer.is_null()
    }
}

impl Drop for Context<'_> {
    fn drop(&mut self) {
        if let Some(end) = self.session.library.destructor.filter(|_| self.is_kept()) {
            // SAFETY: the session is open, the context its own, and not used afterwards.
            unsafe { end(self.session.handle, self.pointer) };
        }
    }
}
