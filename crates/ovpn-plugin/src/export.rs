//! The macro that names the symbols OpenVPN looks up; what they do is in `boundary`.

/// Exports a [`Plugin`](crate::Plugin) from a `cdylib`: `openvpn_plugin_open_v3`, `_func_v3`, `_close_v1`, `_abort_v1`,
/// `_client_constructor_v1` and `_client_destructor_v1`. The last two keep state for each client if the type is
/// [`ClientState`](crate::ClientState) too.
///
/// Words after the type, in any order, add symbols:
///
/// - `init_point = InitPoint::PostDaemon`: `_select_initialization_point_v1`;
/// - `min_version`: `_min_version_required_v1`, which keeps hosts out that lack interface version 3.
///
/// ```
/// # use ovpn_plugin::{OpenArgs, Plugin, Result, Up, UpReply};
/// # struct MyPlugin;
/// # #[ovpn_plugin::plugin]
/// # impl Plugin for MyPlugin {
/// #     const NAME: &'static str = "MINE";
/// #     fn open(_: &OpenArgs<'_>) -> Result<Self> { Ok(MyPlugin) }
/// #     fn up(&mut self, _: &Up<'_>) -> Result<UpReply> { Ok(UpReply::Done) }
/// # }
/// ovpn_plugin::export!(MyPlugin, min_version, init_point = ovpn_plugin::InitPoint::PostUidChange);
/// # fn main() {}
/// ```
///
/// A host that lacks an *event* the plugin needs is refused without any of these, with a line that names it.
///
/// The build fails under `panic = "abort"`: a panic would end OpenVPN instead of failing one event.
#[macro_export]
macro_rules! export {
    ($plugin:ty $(, $($words:tt)*)?) => {
        $crate::export!(@common $plugin);
        $crate::export!(@words $($($words)*)?);
    };
    (@common $plugin:ty) => {
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
            const FUNC: unsafe fn(
                ::core::ffi::c_int,
                *const ::core::ffi::c_void,
                *mut ::core::ffi::c_void,
            ) -> ::core::ffi::c_int = {
                #[allow(unused_imports)]
                use $crate::__private::WithoutClients;
                $crate::__private::Symbols::<$plugin>::FUNC
            };
            // SAFETY: OpenVPN calls as its plugin interface says.
            unsafe { FUNC(version, arguments, answer) }
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

        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub unsafe extern "C" fn openvpn_plugin_client_constructor_v1(
            handle: *mut ::core::ffi::c_void,
        ) -> *mut ::core::ffi::c_void {
            const CLIENT: unsafe fn(*mut ::core::ffi::c_void) -> *mut ::core::ffi::c_void = {
                #[allow(unused_imports)]
                use $crate::__private::WithoutClients;
                $crate::__private::Symbols::<$plugin>::CLIENT
            };
            // SAFETY: OpenVPN calls as its plugin interface says.
            unsafe { CLIENT(handle) }
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
    (@words) => {};
    (@words init_point = $point:expr $(, $($rest:tt)*)?) => {
        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub extern "C" fn openvpn_plugin_select_initialization_point_v1() -> ::core::ffi::c_int {
            const { $crate::InitPoint::number($point) }
        }
        $crate::export!(@words $($($rest)*)?);
    };
    (@words min_version $(, $($rest:tt)*)?) => {
        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub extern "C" fn openvpn_plugin_min_version_required_v1() -> ::core::ffi::c_int {
            $crate::__private::PLUGIN_VERSION
        }
        $crate::export!(@words $($($rest)*)?);
    };
    (@words $unknown:tt $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "export! does not know `", ::core::stringify!($unknown), "`; after the type it takes \
             `init_point = InitPoint::...` and `min_version`",
        ));
    };
}
