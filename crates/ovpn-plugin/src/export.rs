//! The macro that names the symbols OpenVPN looks up; what they do is in `boundary`.

/// Exports a [`Plugin`](crate::Plugin) from a `cdylib`: `openvpn_plugin_open_v3`, `_func_v3`, `_close_v1`, `_abort_v1`.
///
/// Words after the type add symbols:
///
/// - `client_state`: `_client_constructor_v1` and `_client_destructor_v1`, for a type that is
///   [`ClientState`](crate::ClientState) too;
/// - `init_point = InitPoint::PostDaemon`: `_select_initialization_point_v1`;
/// - `min_version`: `_min_version_required_v1`, which keeps hosts out that lack interface version 3.
///
/// ```
/// # use ovpn_plugin::{ClientState, EventSet, OpenArgs, OpenError, Plugin};
/// # struct MyPlugin;
/// # impl Plugin for MyPlugin {
/// #     const NAME: &'static str = "MINE";
/// #     fn open(_: &OpenArgs<'_>) -> Result<Self, OpenError> { Ok(MyPlugin) }
/// #     fn events(&self) -> EventSet { EventSet::UP }
/// # }
/// # impl ClientState for MyPlugin {
/// #     type State = u32;
/// #     fn new_client(&mut self) -> u32 { 0 }
/// # }
/// ovpn_plugin::export!(MyPlugin, client_state, init_point = ovpn_plugin::InitPoint::PostUidChange, min_version);
/// # fn main() {}
/// ```
///
/// A host that lacks an *event* the plugin needs is refused without any of these, with a line that names it.
///
/// The build fails under `panic = "abort"`: a panic would end OpenVPN instead of failing one event.
#[macro_export]
macro_rules! export {
    ($plugin:ty $(,)?) => {
        $crate::export!(@common $plugin, func);
    };
    ($plugin:ty, client_state $($rest:tt)*) => {
        $crate::export!(@common $plugin, func_with_clients);
        $crate::export!(@clients $plugin);
        $crate::export!(@more $($rest)*);
    };
    ($plugin:ty, $($rest:tt)*) => {
        $crate::export!(@common $plugin, func);
        $crate::export!(@more , $($rest)*);
    };
    (@common $plugin:ty, $func:ident) => {
        #[cfg(panic = "abort")]
        ::core::compile_error!("a plugin needs panic = \"unwind\": with abort, a panic would end OpenVPN");

        const _: () = $crate::__private::check_name(<$plugin as $crate::Plugin>::NAME);

        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub unsafe extern "C" fn openvpn_plugin_open_v3(
            version: ::core::ffi::c_int,
            arguments: *const ::core::ffi::c_void,
            answer: *mut ::core::ffi::c_void,
        ) -> ::core::ffi::c_int {
            // SAFETY: OpenVPN calls as its plugin interface says.
            unsafe { $crate::__private::open::<$plugin>(version, arguments, answer) }
        }

        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub unsafe extern "C" fn openvpn_plugin_func_v3(
            version: ::core::ffi::c_int,
            arguments: *const ::core::ffi::c_void,
            answer: *mut ::core::ffi::c_void,
        ) -> ::core::ffi::c_int {
            // SAFETY: OpenVPN calls as its plugin interface says.
            unsafe { $crate::__private::$func::<$plugin>(version, arguments, answer) }
        }

        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub unsafe extern "C" fn openvpn_plugin_close_v1(handle: *mut ::core::ffi::c_void) {
            // SAFETY: OpenVPN calls as its plugin interface says.
            unsafe { $crate::__private::close::<$plugin>(handle) }
        }

        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub unsafe extern "C" fn openvpn_plugin_abort_v1(handle: *mut ::core::ffi::c_void) {
            // SAFETY: OpenVPN calls as its plugin interface says.
            unsafe { $crate::__private::abort::<$plugin>(handle) }
        }
    };
    (@clients $plugin:ty) => {
        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub unsafe extern "C" fn openvpn_plugin_client_constructor_v1(
            handle: *mut ::core::ffi::c_void,
        ) -> *mut ::core::ffi::c_void {
            // SAFETY: OpenVPN calls as its plugin interface says.
            unsafe { $crate::__private::client_constructor::<$plugin>(handle) }
        }

        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub unsafe extern "C" fn openvpn_plugin_client_destructor_v1(
            _handle: *mut ::core::ffi::c_void,
            context: *mut ::core::ffi::c_void,
        ) {
            // SAFETY: OpenVPN calls as its plugin interface says.
            unsafe { $crate::__private::client_destructor(context) }
        }
    };
    (@more $(,)?) => {};
    (@more , init_point = $point:expr $(, $($rest:tt)*)?) => {
        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub extern "C" fn openvpn_plugin_select_initialization_point_v1() -> ::core::ffi::c_int {
            const { $crate::InitPoint::number($point) }
        }
        $crate::export!(@more , $($($rest)*)?);
    };
    (@more , min_version $(, $($rest:tt)*)?) => {
        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub extern "C" fn openvpn_plugin_min_version_required_v1() -> ::core::ffi::c_int {
            $crate::__private::PLUGIN_VERSION
        }
        $crate::export!(@more , $($($rest)*)?);
    };
}
