//! The numbers of the interface but for the events: return codes, initialisation points, log flags.
//!
//! All are plain integers, because a newer OpenVPN may send values this list does not know.

use core::ffi::c_int;

/// Version of the whole plugin interface (what `min_version_required_v1` is compared with).
pub const PLUGIN_VERSION: c_int = 3;
/// Newest version of the v3 structs described here (OpenVPN 2.5 and later pass 5).
pub const PLUGINV3_STRUCTVER: c_int = 5;

/// The event was handled, or the peer accepted.
pub const PLUGIN_FUNC_SUCCESS: c_int = 0;
/// The event failed, or the peer is rejected.
pub const PLUGIN_FUNC_ERROR: c_int = 1;
/// The answer comes later.
pub const PLUGIN_FUNC_DEFERRED: c_int = 2;

/// Open before the configuration file is parsed.
pub const PLUGIN_INIT_PRE_CONFIG_PARSE: c_int = 1;
/// Open before the tunnel device is opened (the default); after OpenVPN became a daemon, in spite of the name.
pub const PLUGIN_INIT_PRE_DAEMON: c_int = 2;
/// Open after a server's tunnel device was opened.
pub const PLUGIN_INIT_POST_DAEMON: c_int = 3;
/// Open after OpenVPN gave up its privileges.
pub const PLUGIN_INIT_POST_UID_CHANGE: c_int = 4;

/// Log flag: error.
pub const PLOG_ERR: c_int = 1 << 0;
/// Log flag: warning.
pub const PLOG_WARN: c_int = 1 << 1;
/// Log flag: notice.
pub const PLOG_NOTE: c_int = 1 << 2;
/// Log flag: debug, shown at `verb 7` and above.
pub const PLOG_DEBUG: c_int = 1 << 3;
/// Log flag: append the text of the current `errno`.
pub const PLOG_ERRNO: c_int = 1 << 8;
/// Log flag: the `mute` option does not apply.
pub const PLOG_NOMUTE: c_int = 1 << 9;

/// OpenVPN was built without TLS.
pub const SSLAPI_NONE: c_int = 0;
/// OpenVPN was built with OpenSSL; certificates are `X509`.
pub const SSLAPI_OPENSSL: c_int = 1;
/// OpenVPN was built with mbed TLS; certificates are `mbedtls_x509_crt`.
pub const SSLAPI_MBEDTLS: c_int = 2;

/// The bit of `event` in a type mask; 0 for a number no mask can hold.
#[must_use]
pub const fn plugin_mask(event: c_int) -> c_int {
    if event < 0 || event > 30 { 0 } else { 1 << event }
}
