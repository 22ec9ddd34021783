//! The variables that come with events, and how long OpenVPN keeps them: those of EVENTS.md, with values as OpenVPN has
//! them.

use std::ffi::c_int;

use ovpn_plugin_sys as sys;

const DEVICE: &[(&str, &str)] = &[
    ("dev", "tun0"),
    ("dev_type", "tun"),
    ("ifconfig_local", "10.8.0.1"),
    ("ifconfig_netmask", "255.255.255.0"),
    ("route_gateway_1", "10.8.0.2"),
    ("route_net_gateway", "192.0.2.1"),
    ("route_netmask_1", "255.255.0.0"),
    ("route_network_1", "10.99.0.0"),
    ("route_vpn_gateway", "10.8.0.2"),
    ("script_context", "init"),
    ("tun_mtu", "1500"),
];
const PEER_INFO: &[(&str, &str)] = &[
    ("IV_CIPHERS", "AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305"),
    ("IV_COMP_STUB", "1"),
    ("IV_COMP_STUBv2", "1"),
    ("IV_LZO_STUB", "1"),
    ("IV_MTU", "1600"),
    ("IV_NCP", "2"),
    ("IV_PLAT", "linux"),
    ("IV_PROTO", "990"),
    ("IV_TCPNL", "1"),
    ("IV_VER", "2.6.14"),
];
const CONNECTED: &[(&str, &str)] = &[
    ("ifconfig_pool_netmask", "255.255.255.0"),
    ("ifconfig_pool_remote_ip", "10.8.0.2"),
    ("time_ascii", "2026-01-01 00:00:00"),
    ("time_unix", "1767225600"),
];
const COUNTED: &[(&str, &str)] = &[("bytes_received", "2"), ("bytes_sent", "1"), ("time_duration", "1")];

/// Those that OpenVPN takes away after the call, or when the client is let in or refused.
#[doc(hidden)]
pub const TEMPORARY: [&str; 5] = [
    "password",
    "crresponse",
    "exported_keying_material",
    "client_connect_config_file",
    "client_connect_deferred_file",
];

/// What comes with an event first, but for what a login and certificates bring. For `ovpn-plugin-host`, which has the
/// same events.
#[doc(hidden)]
#[must_use]
pub fn new_with(event: c_int) -> &'static [(&'static str, &'static str)] {
    match event {
        sys::PLUGIN_UP => DEVICE,
        sys::PLUGIN_ROUTE_UP => &[("redirect_gateway", "0")],
        sys::PLUGIN_AUTH_USER_PASS_VERIFY => PEER_INFO,
        sys::PLUGIN_CLIENT_CONNECT | sys::PLUGIN_CLIENT_CONNECT_V2 => CONNECTED,
        sys::PLUGIN_CLIENT_DISCONNECT => COUNTED,
        sys::PLUGIN_ROUTE_PREDOWN => &[("signal", "sigterm")],
        _ => &[],
    }
}
