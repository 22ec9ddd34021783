//! Takes one event from the host, has the plugin answer it, and hands the answer back.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;

use ovpn_plugin_sys as sys;

use super::call_secrets::Call;
use super::{Client, Instance, StringArray, during, return_list};
use crate::dispatch::HostReply;
use crate::event_set::event_name;
use crate::events::{Certificate, Context};
use crate::log_subject::Subject;
use crate::panic_guard::guard;
use crate::{Env, Plugin, lines, logging};

/// Name of the list entry OpenVPN reads a client's configuration from.
const CONFIG: &std::ffi::CStr = c"config";

/// Behind `openvpn_plugin_func_v3`.
///
/// # Safety
/// As OpenVPN calls it: both pointers are null or valid, the strings behind them stay during the call, the handle is
/// what `open` of the same `P` returned, the per-client context is null or what the constructor of the same `P` returned,
/// and no other call runs.
pub(super) unsafe fn func<P: Plugin>(version: c_int, arguments: *const c_void, answer: *mut c_void) -> c_int {
    // SAFETY: null or a whole struct: it is the same in all versions.
    let Some(arguments) = (unsafe { arguments.cast::<sys::plugin_args_func_in>().as_ref() }) else {
        return refuse(version);
    };
    // SAFETY: null or an array that stays during the call.
    let env = Env::new(unsafe { StringArray::new(arguments.envp) });
    let subject = Subject::of_event(arguments.event, env, P::LINES_NAME_THE_CLIENT);
    let passed = || {
        if version < 1 {
            return refuse(version);
        }
        // SAFETY: open() made it from an Instance<P>, and nobody else uses it during this call.
        let Some(instance) = (unsafe { arguments.handle.cast::<Instance<P>>().as_mut() }) else {
            return refuse(version);
        };
        // SAFETY: null or an array that stays during the call.
        let words = unsafe { StringArray::new(arguments.argv) };
        // SAFETY: as above; OpenVPN's variables are memory from `malloc`.
        let _call = unsafe { Call::enter(arguments.envp) };
        let certificate = NonNull::new(arguments.current_cert).map(|pointer| Certificate {
            pointer,
            depth: arguments.current_cert_depth,
            ssl_api: instance.ssl_api,
        });
        // SAFETY: the caller's promise about the context, which lives longer than the call.
        let client = unsafe { Client::from_context(arguments.per_client_context) };
        let context = Context { words, env, client, certificate, is_call: true };
        // SAFETY: the caller's promise.
        unsafe { give(instance.pass(arguments.event, context), answer) }
    };
    during(&subject, || guard(event_name(arguments.event), sys::PLUGIN_FUNC_ERROR, passed))
}

/// # Safety
/// `answer` is null or the host's struct.
unsafe fn give(reply: HostReply, answer: *mut c_void) -> c_int {
    let Some(config) = reply.config else { return reply.code };
    // SAFETY: the caller's promise; the struct is the same in all versions.
    let slot = unsafe { answer.cast::<sys::plugin_args_func_return>().as_ref() }
        .map_or(std::ptr::null_mut(), |answer| answer.return_list);
    // SAFETY: null or the host's place for a list.
    if unsafe { return_list::put(slot, CONFIG, &config) } {
        reply.code
    } else {
        logging::say(lines::no_list());
        sys::PLUGIN_FUNC_ERROR
    }
}

fn refuse(version: c_int) -> c_int {
    logging::say(lines::called_without_arguments(version));
    sys::PLUGIN_FUNC_ERROR
}
