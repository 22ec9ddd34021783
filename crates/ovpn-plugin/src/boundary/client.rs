//! Per-client state: boxed when OpenVPN makes a client, dropped when it drops the client.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::{RefCell, RefMut};
use std::ffi::c_void;

use super::Instance;
use crate::ClientState;
use crate::guard::guard;

/// What OpenVPN's per-client pointer points to. The type inside is the `State` of the plugin that made it.
struct ClientCell(RefCell<Box<dyn Any>>);

/// The state of the client an event is about.
#[derive(Clone, Copy)]
pub(crate) struct Client<'a>(&'a ClientCell);

impl<'a> Client<'a> {
    /// # Safety
    /// `context` is null or came from [`client_constructor`] and lives for `'a`.
    pub(super) unsafe fn from_context(context: *mut c_void) -> Option<Self> {
        // SAFETY: the caller's promise; only shared references are ever made from it while it lives.
        unsafe { context.cast::<ClientCell>().as_ref() }.map(Self)
    }

    /// Runs `body` with a client that has this state.
    pub(crate) fn of<R>(state: Box<dyn Any>, body: impl FnOnce(Client<'_>) -> R) -> (R, Box<dyn Any>) {
        let cell = ClientCell(RefCell::new(state));
        let result = body(Client(&cell));
        (result, cell.0.into_inner())
    }

    /// `None` if the state is borrowed already.
    pub(crate) fn state<S: 'static>(self) -> Option<RefMut<'a, S>> {
        let state = self.0.0.try_borrow_mut().ok()?;
        RefMut::filter_map(state, |state| state.downcast_mut::<S>()).ok()
    }
}

/// Behind `openvpn_plugin_client_constructor_v1`. A panic while the state is made leaves the client without one.
///
/// # Safety
/// `handle` is null or what `open` of the same `P` returned and not closed yet; no other call runs.
pub(super) unsafe fn client_constructor<P: ClientState>(handle: *mut c_void) -> *mut c_void {
    guard("client constructor", std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let Some(instance) = (unsafe { handle.cast::<Instance<P>>().as_mut() }) else {
            return std::ptr::null_mut();
        };
        let cell = ClientCell(RefCell::new(Box::new(instance.plugin.new_client())));
        Box::into_raw(Box::new(cell)).cast()
    })
}

/// Behind `openvpn_plugin_client_constructor_v1` of a plugin without state for clients.
///
/// # Safety
/// None to keep; the type is that of [`client_constructor`].
pub(super) unsafe fn no_client(_handle: *mut c_void) -> *mut c_void {
    std::ptr::null_mut()
}

/// Behind `openvpn_plugin_client_destructor_v1`.
///
/// # Safety
/// `context` is null or came from [`client_constructor`] and is not used afterwards.
pub unsafe fn client_destructor(context: *mut c_void) {
    guard("client destructor", (), || {
        if !context.is_null() {
            // SAFETY: came from Box::into_raw of this type, and is given back once.
            drop(unsafe { Box::from_raw(context.cast::<ClientCell>()) });
        }
    });
}
