//! Per-client state: boxed when OpenVPN makes a client, dropped when it drops the client.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::{RefCell, RefMut};
use std::ffi::c_void;
use std::sync::Arc;

use super::Instance;
use crate::connect_progress::ConnectProgress;
use crate::panic_guard::guard;
use crate::testing::client::WithoutState;
use crate::{ClientState, EventSet, Plugin, lines, logging};

/// What OpenVPN's per-client pointer points to. The type inside is the `State` of the plugin that made it, or nothing.
pub(crate) struct ClientCell {
    pub(crate) state: RefCell<Box<dyn Any>>,
    progress: Arc<ConnectProgress>,
}

impl ClientCell {
    /// `events`: those OpenVPN passes to the plugin.
    pub(crate) fn new(state: Box<dyn Any>, events: EventSet) -> Self {
        Self { state: RefCell::new(state), progress: Arc::new(ConnectProgress::new(events)) }
    }
}

/// The client an event is about.
#[derive(Clone, Copy)]
pub(crate) struct Client<'a>(pub(crate) &'a ClientCell);

impl<'a> Client<'a> {
    /// # Safety
    /// `context` is null or came from [`client_constructor`] and lives for `'a`.
    pub(super) unsafe fn from_context(context: *mut c_void) -> Option<Self> {
        // SAFETY: the caller's promise; only shared references are ever made from it while it lives.
        unsafe { context.cast::<ClientCell>().as_ref() }.map(Self)
    }

    pub(crate) fn progress(self) -> &'a Arc<ConnectProgress> {
        &self.0.progress
    }

    /// `None` if the state is borrowed already.
    pub(crate) fn state<S: 'static>(self) -> Option<RefMut<'a, S>> {
        let Ok(state) = self.0.state.try_borrow_mut() else {
            logging::say(lines::state_is_borrowed());
            return None;
        };
        WithoutState::refuse(&**state);
        RefMut::filter_map(state, |state| state.downcast_mut::<S>()).ok()
    }
}

/// Behind `openvpn_plugin_client_constructor_v1`. A panic while the state is made leaves the client without one.
///
/// # Safety
/// `handle` is null or what `open` of the same `P` returned and not closed yet; no other call runs.
pub(super) unsafe fn client_constructor<P: ClientState>(handle: *mut c_void) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { construct::<P>(handle, |plugin| Box::new(plugin.new_client())) }
}

/// The same of a plugin without state for clients.
///
/// # Safety
/// As for [`client_constructor`].
pub(super) unsafe fn plain_client_constructor<P: Plugin>(handle: *mut c_void) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { construct::<P>(handle, |_| Box::new(())) }
}

/// # Safety
/// As for [`client_constructor`].
unsafe fn construct<P: Plugin>(
    handle: *mut c_void,
    state: impl FnOnce(&mut P) -> Box<dyn Any>,
) -> *mut c_void {
    guard("client constructor", std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let Some(instance) = (unsafe { handle.cast::<Instance<P>>().as_mut() }) else {
            return std::ptr::null_mut();
        };
        let cell = ClientCell::new(state(&mut instance.plugin), instance.events);
        Box::into_raw(Box::new(cell)).cast()
    })
}

/// Behind `openvpn_plugin_client_destructor_v1`.
///
/// # Safety
/// `context` is null or came from the constructor, and is not used afterwards.
pub unsafe fn client_destructor(context: *mut c_void) {
    guard("client destructor", (), || {
        if !context.is_null() {
            // SAFETY: came from Box::into_raw of this type, and is given back once.
            drop(unsafe { Box::from_raw(context.cast::<ClientCell>()) });
        }
    });
}
