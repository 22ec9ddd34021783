//! What the exported functions of a plugin are, with state for each client and without: which of the two is found out from
//! the code, so that no plugin is exported without its own.

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;

use super::client::{client_constructor, plain_client_constructor};
use super::func::func;
use crate::{ClientState, Plugin};

type Func = unsafe fn(c_int, *const c_void, *mut c_void) -> c_int;
type Constructor = unsafe fn(*mut c_void) -> *mut c_void;

/// The functions behind two symbols of the plugin `P`. For a plugin with [`ClientState`] its constants are found here, for
/// any other those of [`WithoutClients`].
#[derive(Debug)]
pub struct Symbols<P>(PhantomData<P>);

impl<P: ClientState> Symbols<P> {
    /// Behind `openvpn_plugin_func_v3`.
    pub const FUNC: Func = func::<P>;
    /// Behind `openvpn_plugin_client_constructor_v1`.
    pub const CLIENT: Constructor = client_constructor::<P>;
}

/// The same for a plugin that keeps no state for clients.
pub trait WithoutClients {
    /// Behind `openvpn_plugin_func_v3`.
    const FUNC: Func;
    /// Behind `openvpn_plugin_client_constructor_v1`.
    const CLIENT: Constructor;
}

impl<P: Plugin> WithoutClients for Symbols<P> {
    const FUNC: Func = func::<P>;
    const CLIENT: Constructor = plain_client_constructor::<P>;
}
