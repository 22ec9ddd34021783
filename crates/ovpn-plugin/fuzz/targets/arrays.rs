//! The words and variables of a call, as C arrays of C strings: whatever stands in them, they are read as a plain search of
//! the bytes would, and no event's method panics or reads past an end.

use std::hint::black_box;

use ovpn_plugin::testing::CallData;
use ovpn_plugin::{
    AuthUserPassVerify, ClientConnect, ClientConnectV2, ClientCrResponse, ClientDisconnect, Down, Env,
    Escaped, IpChange, LearnAddress, RoutePredown, RouteUp, TlsFinal, TlsVerify, Up, escape,
};

/// Variables that the SDK reads. An input names them by number, since a fuzzer seldom finds a long name.
const NAMES: [&str; 48] = [
    "username",
    "password",
    "common_name",
    "untrusted_ip",
    "untrusted_ip6",
    "untrusted_port",
    "trusted_ip",
    "trusted_ip6",
    "trusted_port",
    "auth_control_file",
    "auth_failed_reason_file",
    "auth_pending_file",
    "session_id",
    "session_state",
    "crresponse",
    "IV_SSO",
    "IV_PROTO",
    "IV_VER",
    "IV_CIPHERS",
    "IV_MTU",
    "ifconfig_pool_remote_ip",
    "ifconfig_pool_remote_ip6",
    "ifconfig_pool_netmask",
    "ifconfig_pool_ip6_netbits",
    "time_unix",
    "time_ascii",
    "bytes_received",
    "bytes_sent",
    "time_duration",
    "client_connect_deferred_file",
    "dev",
    "tun_mtu",
    "ifconfig_local",
    "ifconfig_ipv6_netbits",
    "route_network_1",
    "route_netmask_1",
    "route_ipv6_network_1",
    "foreign_option_1",
    "dns_server_1_address_1",
    "dns_server_1_resolve_domain_1",
    "dns_search_domain_1",
    "redirect_gateway",
    "signal",
    "tls_id_0",
    "X509_0_CN",
    "tls_serial_hex_0",
    "tls_digest_sha256_0",
    "exported_keying_material",
];

/// Items end with a NUL. The first byte says how many of them are words; a variable whose first byte is over 127 begins
/// with a name from [`NAMES`].
pub fn target(input: &[u8]) {
    let Some((words, rest)) = input.split_first() else { return };
    let mut items = rest.split(|byte| *byte == 0);
    let mut call = CallData::new();
    let words: Vec<&[u8]> = items.by_ref().take((*words % 8).into()).collect();
    for word in &words {
        call = call.arg(word);
    }
    let entries: Vec<Vec<u8>> = items.take(24).map(entry).collect();
    for entry in &entries {
        call = call.env_entry(entry.clone());
    }
    let event: AuthUserPassVerify<'_> = call.event();
    assert!(event.args().eq(words.iter().copied()));
    variables(event.env(), &entries);
    read_all(&call);
}

fn entry(item: &[u8]) -> Vec<u8> {
    match item.split_first() {
        Some((first, rest)) if *first > 127 => {
            [NAMES[usize::from(first - 128) % NAMES.len()].as_bytes(), b"=", rest].concat()
        }
        _ => item.to_vec(),
    }
}

fn variables(env: Env<'_>, entries: &[Vec<u8>]) {
    let split = |entry: &'_ Vec<u8>| {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        Some((entry[..at].to_vec(), entry[at + 1..].to_vec()))
    };
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = entries.iter().filter_map(split).collect();
    assert!(env.iter().eq(pairs.iter().map(|(name, value)| (&name[..], &value[..]))));
    for (name, value) in &pairs {
        let first = pairs.iter().find(|(other, _)| other == name).map(|(_, value)| &value[..]);
        if let Ok(name) = std::str::from_utf8(name) {
            assert_eq!(env.get(name), first);
            assert_eq!(env.get_str(name), first.and_then(|value| std::str::from_utf8(value).ok()));
        }
        one_line(escape(value));
    }
    let secret = |name: &[u8]| [&b"password"[..], b"crresponse", b"exported_keying_material"].contains(&name);
    assert!(env.without_secrets().all(|(name, _)| !secret(name)));
}

/// What goes into a log is one line, and nothing in it moves a terminal's cursor.
fn one_line(text: Escaped<'_>) {
    assert!(!text.to_string().chars().any(char::is_control));
}

fn read<T>(values: &T) {
    black_box(values);
}

/// Calls what has to take a value apart.
fn read_all(call: &CallData) {
    let login: AuthUserPassVerify<'_> = call.event();
    read(&(login.session_state(), login.session_id(), login.client_supports("crtext")));
    read(&(
        login.untrusted_address(),
        login.untrusted_port(),
        login.auth_control_file(),
        login.credentials(),
    ));
    let peer = login.peer_info();
    read(&(
        peer.version(),
        peer.platform(),
        peer.max_mtu_bytes(),
        peer.protocol_bits(),
        peer.takes_temporary(),
    ));
    read(&(peer.ciphers().count(), peer.supports("openurl"), peer.user_variable("UV_X")));
    let info = login.certificate_info(0);
    read(&(info.subject(), info.part("CN"), info.serial(), info.serial_hex(), info.digest_sha256()));
    let answer: ClientCrResponse<'_> = call.event();
    read(&(answer.response(), answer.decoded_response()));
    let connect: ClientConnect<'_> = call.event();
    read(&(
        connect.connected_at(),
        connect.connected_at_text(),
        connect.config_file(),
        connect.deferred_file(),
        connect.trusted_address(),
    ));
    let pool = connect.pool();
    read(&(pool.address(), pool.netmask(), pool.address_ipv6(), pool.prefix_bits_ipv6(), pool.server_ipv6()));
    let connect: ClientConnectV2<'_> = call.event();
    read(&(connect.trusted_ip(), connect.username()));
    let leaves: ClientDisconnect<'_> = call.event();
    read(&(leaves.bytes_received(), leaves.bytes_sent(), leaves.duration(), leaves.was_let_in()));
    let learned: LearnAddress<'_> = call.event();
    read(&(learned.change(), learned.parsed_address(), learned.address()));
    let up: Up<'_> = call.event();
    read(&(
        up.device(),
        up.mtu_bytes(),
        up.local_address(),
        up.remote_address_or_netmask(),
        up.script_context(),
    ));
    let route_up: RouteUp<'_> = call.event();
    read(&(route_up.routes().count(), route_up.routes_ipv6().count(), route_up.vpn_gateway()));
    read(&(
        route_up.redirect_gateway_ipv4(),
        route_up.redirect_gateway_ipv6(),
        route_up.foreign_options().count(),
    ));
    read(&(route_up.dns_search_domains().count(), route_up.net_gateway_ipv6()));
    for server in route_up.dns_servers() {
        read(&(
            server.addresses().count(),
            server.resolve_domains().count(),
            server.dnssec(),
            server.transport(),
        ));
    }
    let interface = route_up.interface();
    read(&(interface.address(), interface.netmask(), interface.address_ipv6(), interface.prefix_bits_ipv6()));
    let down: Down<'_> = call.event();
    read(&(down.signal(), down.mtu_bytes()));
    let before_down: RoutePredown<'_> = call.event();
    read(&before_down.env().get_number::<u64>("tun_mtu"));
    let changed: IpChange<'_> = call.event();
    read(&changed.args().count());
    let verify: TlsVerify<'_> = call.event();
    read(&(verify.depth(), verify.subject(), verify.common_name(), verify.certificate_file()));
    let done: TlsFinal<'_> = call.event();
    read(&(done.username(), done.exported_keying_material()));
    let _ = call.open_args().named_args(&["users", "seconds"]).map(|args| args.parse::<u64>("seconds"));
}
