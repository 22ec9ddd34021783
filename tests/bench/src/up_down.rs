//! UP and DOWN, as OpenVPN passes them.

use crate::stats::median;
use ovpn_plugin_host::{Call, FuncResult, OpenPlugin, sys};
use std::time::Instant;

/// What a server passes at both: words of the device, and the variables of a small configuration.
fn call(event: i32) -> Call {
    let words = ["tun0", "1500", "0", "10.8.0.1", "255.255.255.0", "init"];
    let own = words.into_iter().fold(Call::new(event), Call::arg);
    [
        ("config", "/etc/openvpn/server.conf"),
        ("daemon", "0"),
        ("daemon_log_redirect", "0"),
        ("daemon_pid", "1234"),
        ("daemon_start_time", "1900000000"),
        ("dev", "tun0"),
        ("dev_type", "tun"),
        ("ifconfig_broadcast", "10.8.0.255"),
        ("ifconfig_local", "10.8.0.1"),
        ("ifconfig_netmask", "255.255.255.0"),
        ("link_mtu", "0"),
        ("local_port_1", "1194"),
        ("proto_1", "udp4"),
        ("remote_port_1", "1194"),
        ("route_net_gateway", "192.0.2.1"),
        ("route_vpn_gateway", "10.8.0.1"),
        ("route_network_1", "10.9.0.0"),
        ("route_netmask_1", "255.255.0.0"),
        ("route_gateway_1", "10.8.0.2"),
        ("script_context", "init"),
        ("tun_mtu", "1500"),
        ("verb", "3"),
    ]
    .into_iter()
    .fold(own, |call, (name, value)| call.env(name, value))
}

/// One UP, which must succeed.
pub(crate) fn up(plugin: &OpenPlugin) -> Result<(), String> {
    pass_each(plugin, &call(sys::PLUGIN_UP), 1).map(|_took| ())
}

/// DOWN as often as said, each of which must succeed; the median time of one, in seconds.
pub(crate) fn downs(plugin: &OpenPlugin, count: usize) -> Result<f64, String> {
    let call = call(sys::PLUGIN_DOWN).env("signal", "sigterm");
    Ok(median(&pass_each(plugin, &call, count)?))
}

/// Passes a call again and again; the time of each, in seconds.
fn pass_each(plugin: &OpenPlugin, call: &Call, count: usize) -> Result<Vec<f64>, String> {
    let all = plugin.pass_often(call, |pass| {
        let one = |_| {
            let started = Instant::now();
            let result = pass();
            (result, started.elapsed().as_secs_f64())
        };
        (0..count).map(one).collect::<Vec<_>>()
    });
    let all = all.map_err(|error| error.to_string())?;
    match all.iter().find(|(result, _)| *result != FuncResult::Success) {
        Some((other, _)) => Err(format!("the call was answered by {other:?}")),
        None => Ok(all.into_iter().map(|(_, took)| took).collect()),
    }
}
