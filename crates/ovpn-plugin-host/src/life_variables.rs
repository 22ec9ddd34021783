//! The variables that come with the events of a life: those of the SDK's EVENTS.md, with values as OpenVPN has them.

use ovpn_plugin_sys as sys;

use crate::Call;

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

/// Those that OpenVPN takes away after the call.
const TEMPORARY: [&str; 4] =
    ["password", "crresponse", "client_connect_config_file", "client_connect_deferred_file"];

/// What comes with an event first, but for what the login and the certificates bring.
fn new_with(event: i32) -> &'static [(&'static str, &'static str)] {
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

/// The environment of a server, a client of it or a client: what was set once stays for later events.
#[derive(Clone, Default)]
pub(crate) struct Environment(Call);

impl Environment {
    /// The event with everything that was set before, and what is new with it. What it has itself counts.
    pub(crate) fn dress(&mut self, call: Call) -> Call {
        let new = new_with(call.event);
        let call = new
            .iter()
            .filter(|(name, _)| !call.has_env(name))
            .collect::<Vec<_>>()
            .into_iter()
            .fold(call, |call, (name, value)| call.env(name, value));
        let call = call.with_env_of(&self.0);
        self.0 = TEMPORARY.iter().fold(call.clone(), |kept, name| kept.without_env(name));
        call
    }
}
