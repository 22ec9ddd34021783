//! An open plugin and its clients. Handle and contexts never leave this file, so they cannot be mixed up or outlive
//! what they belong to.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{CString, c_int, c_void};
use std::io;
use std::marker::PhantomData;
use std::time::{Duration, Instant};

use ovpn_plugin_sys as sys;

use super::Library;
use super::guarded::Guarded;
use super::library::Func;
use super::return_list::take_list;
use super::x509::Certificate;

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
    /// How long the last event took.
    last_call: Cell<Duration>,
}

impl Session {
    /// `handle` is what the open of `library` just returned.
    pub(super) fn new(library: Library, handle: *mut c_void, struct_version: c_int) -> Self {
        Self { library, handle, struct_version, last_call: Cell::default() }
    }

    /// An event of no client.
    pub(crate) fn call(
        &self,
        event: c_int,
        argv: &[CString],
        envp: &[CString],
        certificate: Option<(c_int, &[u8])>,
    ) -> io::Result<Answer> {
        self.call_with(std::ptr::null_mut(), event, argv, envp, certificate)
    }

    /// How long the last event kept the plugin's host.
    pub(crate) fn last_call(&self) -> Duration {
        self.last_call.get()
    }

    fn call_with(
        &self,
        context: *mut c_void,
        event: c_int,
        argv: &[CString],
        envp: &[CString],
        certificate: Option<(c_int, &[u8])>,
    ) -> io::Result<Answer> {
        let mut ready = Ready::new(self, context, event, argv, envp, certificate)?;
        let start = Instant::now();
        let answer = ready.pass();
        self.last_call.set(start.elapsed());
        Ok(answer)
    }

    /// An event of no client, made ready to be passed again and again.
    pub(crate) fn ready<'a>(
        &'a self,
        event: c_int,
        argv: &'a [CString],
        envp: &'a [CString],
    ) -> io::Result<Ready<'a>> {
        Ready::new(self, std::ptr::null_mut(), event, argv, envp, None)
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

    /// Whether the plugin gave the same handle for both.
    pub(crate) fn has_handle_of(&self, other: &Self) -> bool {
        self.handle == other.handle
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

/// An event with its arguments in the memory the plugin will see.
pub(crate) struct Ready<'a> {
    session: &'a Session,
    event: c_int,
    context: *mut c_void,
    argv: Guarded,
    envp: Guarded,
    arguments: Guarded,
    answer: Guarded,
    /// Where a returned list is put.
    list: Guarded,
    strings: PhantomData<&'a [CString]>,
    _certificate: Option<Certificate>,
}

impl<'a> Ready<'a> {
    fn new(
        session: &'a Session,
        context: *mut c_void,
        event: c_int,
        argv: &'a [CString],
        envp: &'a [CString],
        certificate: Option<(c_int, &[u8])>,
    ) -> io::Result<Self> {
        let (depth, certificate) = certificate
            .and_then(|(depth, der)| Some((depth, Some(Certificate::read(der)?))))
            .unwrap_or((-1, None));
        let (argv, envp) = (Guarded::pointers(argv)?, Guarded::pointers(envp)?);
        let none: *mut sys::plugin_string_list = std::ptr::null_mut();
        let list = Guarded::new(&none, size_of_val(&none))?;
        let arguments = sys::plugin_args_func_in {
            event,
            argv: argv.as_ptr(),
            envp: envp.as_ptr(),
            handle: session.handle,
            per_client_context: context,
            current_cert_depth: depth,
            current_cert: certificate.as_ref().map_or(std::ptr::null_mut(), Certificate::as_ptr),
        };
        let arguments = Guarded::new(&arguments, size_of_val(&arguments))?;
        let answer = sys::plugin_args_func_return { return_list: list.as_ptr() };
        let answer = Guarded::new(&answer, size_of_val(&answer))?;
        Ok(Self {
            session,
            event,
            context,
            argv,
            envp,
            arguments,
            answer,
            list,
            strings: PhantomData,
            _certificate: certificate,
        })
    }

    /// Passes it.
    pub(crate) fn pass(&mut self) -> Answer {
        let (handle, version) = (self.session.handle, self.session.struct_version);
        let (argv, envp) = (self.argv.as_ptr(), self.envp.as_ptr());
        let list: *mut *mut sys::plugin_string_list = self.list.as_ptr();
        // In all three, called as the interface says: the handle is open, the memory lives through the call.
        let code = match self.session.library.func {
            // SAFETY: as above.
            Func::V3(func) => unsafe { func(version, self.arguments.as_ptr(), self.answer.as_ptr()) },
            // SAFETY: as above.
            Func::V2(func) => unsafe { func(handle, self.event, argv, envp, self.context, list) },
            // SAFETY: as above.
            Func::V1(func) => unsafe { func(handle, self.event, argv, envp) },
        };
        // SAFETY: our own memory of that type; the plugin is done with it. It is null again for the next time.
        let returned = unsafe { list.replace(std::ptr::null_mut()) };
        // SAFETY: null or a list of the plugin.
        Answer { code, returned: unsafe { take_list(returned) } }
    }
}

/// A client of a session; destroyed when dropped.
pub(crate) struct Context<'a> {
    session: &'a Session,
    pointer: *mut c_void,
}

impl Context<'_> {
    /// An event of this client.
    pub(crate) fn call(
        &self,
        event: c_int,
        argv: &[CString],
        envp: &[CString],
        certificate: Option<(c_int, &[u8])>,
    ) -> io::Result<Answer> {
        self.session.call_with(self.pointer, event, argv, envp, certificate)
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
