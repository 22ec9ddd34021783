//! Ends a plugin: close drops it, abort tells it that OpenVPN is dying.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Instance;
use crate::Plugin;
use crate::closing::Closing;
use crate::panic_guard::{guard, plugin_closed};

/// A static, so it forgets when the plugin's code is unloaded.
static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// For an author who wonders why a static has its old value after a SIGHUP. Not for administrators: it is no fault.
pub(super) fn log_if_opened_again() {
    if WAS_CLOSED.load(Ordering::Relaxed) {
        log::debug!(
            "opened again, and the code was not unloaded when it was closed: its statics keep their values"
        );
    }
}

/// Behind `openvpn_plugin_close_v1`: drops the plugin.
///
/// # Safety
/// `handle` is null or what `open` of the same `P` returned, and is not used afterwards.
pub unsafe fn close<P: Plugin>(handle: *mut c_void) {
    if handle.is_null() {
        return;
    }
    guard("close", (), || {
        let _closing = Closing::begin();
        // SAFETY: open() made it with Box::into_raw, and it is given back once.
        drop(unsafe { Box::from_raw(handle.cast::<Instance<P>>()) });
    });
    plugin_closed();
    WAS_CLOSED.store(true, Ordering::Relaxed);
}

/// Behind `openvpn_plugin_abort_v1`. OpenVPN also calls it for plugins that never opened, with a null handle.
///
/// # Safety
/// `handle` is null or what `open` of the same `P` returned and not closed; no other call runs.
pub unsafe fn abort<P: Plugin>(handle: *mut c_void) {
    guard("abort", (), || {
        // SAFETY: the caller's promise.
        if let Some(plugin) = unsafe { handle.cast::<Instance<P>>().as_mut() } {
            plugin.plugin.abort();
        }
    });
}
