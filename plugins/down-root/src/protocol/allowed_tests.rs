//! Which variables and words may cross the border, and which never do.

use super::*;
use proptest::prelude::*;

const EVENTS: [Event; 8] = [
    Event::Down,
    Event::Up,
    Event::RouteUp,
    Event::RoutePredown,
    Event::IpChange,
    Event::ClientConnect,
    Event::ClientDisconnect,
    Event::LearnAddress,
];

#[test]
fn what_openvpn_sets_passes() {
    for (name, value) in [
        ("common_name", "Jürgen's laptop"),
        ("trusted_ip6", "2001:db8::1%eth0"),
        ("trusted_port", "1194"),
        ("ifconfig_pool_remote_ip", "10.8.0.2"),
        ("tls_serial_hex_0", "0a:bc"),
        ("tls_serial_0", "-12"),
        ("tls_digest_sha256_0", "0a:bc"),
        ("tls_id_1", "C=KG, CN=OpenVPN-TEST"),
        ("X509_0_CN", "client"),
        ("IV_PLAT_VER", "5.10.0 (x86)"),
        ("UV_ID", "a b"),
        ("route_network_1", "10.1.0.0"),
        ("route_ipv6_network_1", "2001:db8::/64"),
        ("time_ascii", "2030-01-02 03:04:05"),
        ("dev", "tun0"),
        ("time_ascii", "Thu Jun  1 12:00:00 2030"),
        ("foreign_option_1", "dhcp-option DNS 10.8.0.1"),
        ("trusted_ip", "192.0.2.1"),
        ("ifconfig_ipv6_netbits", "64"),
        ("ifconfig_pool_remote_ip6", "2001:db8::2"),
        ("route_vpn_gateway", "10.8.0.1"),
        ("route_metric_1", "50"),
        ("session_id", "AbCdEf0123+/xyzA"),
        ("session_state", "AuthenticatedEmptyUser"),
        ("tls_digest_0", "0a:bc"),
        ("username", "joe@example.com"),
    ] {
        assert!(variable(Event::ClientConnect, name.as_bytes(), value.as_bytes()), "{name}={value}");
    }
    for reason in
        ["sigusr1", "server_poll", "HTTP proxy error", "auth-temp-failure (server temporary reject)"]
    {
        assert!(variable(Event::Down, b"signal", reason.as_bytes()), "{reason}");
    }
    assert!(variable(Event::Down, b"script_context", b"restart"));
}

#[test]
fn down_takes_little() {
    for name in ["dev", "ifconfig_local", "common_name", "UV_X", "foreign_option_1", "OPENVPN_X"] {
        assert!(!variable(Event::Down, name.as_bytes(), b"1"), "{name}");
    }
}

#[test]
fn what_changes_how_root_s_programs_run_never_passes() {
    for name in [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "LD_AUDIT",
        "PATH",
        "IFS",
        "BASH_ENV",
        "ENV",
        "SHELLOPTS",
        "BASHOPTS",
        "PS4",
        "CDPATH",
        "GLOBIGNORE",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PERL5LIB",
        "PERL5OPT",
        "RUBYOPT",
        "RUBYLIB",
        "NODE_OPTIONS",
        "GCONV_PATH",
        "LOCPATH",
        "NLSPATH",
        "TMPDIR",
        "HOME",
        "MALLOC_CHECK_",
        "GLIBC_TUNABLES",
        "HOSTALIASES",
        "RES_OPTIONS",
        "TERMINFO",
        "BASH_FUNC_ls%%",
        "HISTFILE",
        "LANG",
        "LC_ALL",
        "password",
        "script_type",
        "config",
        "peer_cert",
        "client_connect_config_file",
        "client_connect_deferred_file",
        "auth_control_file",
        "metadata_file",
        "exported_keying_material",
        "crresponse",
        "",
        "UV_",
        "UV_a-b",
        "UV_a b",
        "UV_%%",
        "UV_()",
        "X509_0\nPATH",
        "X509_PATH",
        "IV_\u{e4}",
        "signal_",
        "http_proxy",
        "backup_ip",
        "BASH_ENV_0",
    ] {
        for event in EVENTS {
            assert!(!variable(event, name.as_bytes(), b"1"), "{name} at {}", event.name());
        }
    }
}

#[test]
fn values_have_their_form() {
    for (name, value) in [
        ("trusted_port", "1194; reboot"),
        ("trusted_port", "-1"),
        ("trusted_ip", "$(reboot)"),
        ("dev", "tun0 up"),
        ("dev", "../etc"),
        ("trusted_ip", "../../../etc/cron.d/x"),
        ("trusted_ip", "1194"),
        ("trusted_ip", "10.0.0.0/8"),
        ("untrusted_ip6", "/etc/cron.d/x"),
        ("ifconfig_pool_remote_ip", "../x"),
        ("route_network_1", "../x"),
        ("route_gateway_1", "eth0"),
        ("route_ipv6_network_1", "2001:db8::"),
        ("trusted_port", "65536"),
        ("common_name", "../../../etc/cron.d/x"),
        ("username", "a/../../b"),
        ("dns_server_1_address_1", "../x"),
        ("session_id", "../x"),
        ("signal", "../x"),
        ("dev", "-a"),
        ("trusted_ip", "-f"),
        ("ifconfig_local", "--help"),
        ("script_context", "reboot"),
        ("signal", "-TERM"),
        ("signal", "$(reboot)"),
        ("time_ascii", "`reboot`"),
        ("tls_serial_0", "reboot"),
        ("tls_serial_0", "-f"),
        ("tls_serial_0", "-"),
        ("tls_serial_0", "--1"),
        ("tls_serial_hex_0", "-0a:bc"),
        ("tls_digest_sha256_0", "-c"),
        ("common_name", "() { :; }; reboot"),
        ("UV_X", "a\nb"),
        ("UV_X", "a\u{1b}[2J"),
        ("UV_X", "a\u{7f}"),
    ] {
        assert!(!variable(Event::ClientConnect, name.as_bytes(), value.as_bytes()), "{name}={value}");
    }
    assert!(variable(Event::ClientConnect, b"UV_X", &[b'x'; MAX_VALUE]));
    assert!(!variable(Event::ClientConnect, b"UV_X", &[b'x'; MAX_VALUE + 1]));
    assert!(!variable(Event::ClientConnect, &[b"UV_".as_slice(), &[b'x'; MAX_NAME]].concat(), b"1"));
}

#[test]
fn a_bad_form_is_not_the_same_as_an_unknown_name() {
    let at = Event::ClientConnect;
    assert_eq!(judge(at, b"common_name", b"() admin"), Judgement::BadForm);
    assert_eq!(judge(at, b"common_name", b"admin"), Judgement::Passes);
    assert_eq!(judge(at, b"LD_PRELOAD", b"x"), Judgement::NotListed);
    assert_eq!(count_of(at, b"common_name"), Some(VariableCount::Single));
    assert_eq!(count_of(at, b"route_network_1"), Some(VariableCount::Family));
    assert_eq!(count_of(at, b"OPENVPN_X"), Some(VariableCount::FreeText));
    assert_eq!((count_of(Event::Down, b"common_name"), count_of(at, b"LD_PRELOAD")), (None, None));
}

/// Of 2.7 and later, and of what may come: a family has its type, and nothing outside the families crosses.
#[test]
fn new_names_are_covered_by_their_family() {
    for (name, good, bad) in [
        ("dns_server_1_address_2", "2001:db8::53", "../x"),
        ("dns_server_1_port_1", "853", "x"),
        ("dns_server_1_resolve_domain_1", "example.com", "a/b"),
        ("dns_server_1_transport", "DoT", "a b"),
        ("dns_server_1_sni", "dns.example.com", "../x"),
        ("dns_search_domain_1", "example.com", "-f"),
        ("route_redirect_gateway_ipv6", "1", "x"),
        ("ifconfig_gateway", "10.8.0.1", "a/b"),
        ("trusted_ip7", "192.0.2.1", "../x"),
        ("bytes_dropped", "7", "x"),
        ("tls_digest_sha512_0", "0a:bc", "../x"),
        ("ID_X", "a b", "()"),
    ] {
        assert!(variable(Event::ClientConnect, name.as_bytes(), good.as_bytes()), "{name}={good}");
        let judged = judge(Event::ClientConnect, name.as_bytes(), bad.as_bytes());
        assert_eq!(judged, Judgement::BadForm, "{name}={bad}");
    }
    for name in ["TUNTAP_SOCKET_FD", "dns_vars_file", "metadata_type", "local_1", "proto_1"] {
        assert!(!variable(Event::ClientConnect, name.as_bytes(), b"/tmp/x"), "{name}");
    }
}

#[test]
fn words_have_the_types_of_their_event() {
    let check = |event, words: &[&[u8]]| args(event, words.iter().copied());
    let path = b"../../../etc/cron.d/x".as_slice();
    assert!(check(Event::LearnAddress, &[b"add", b"10.8.0.6", "Jürgen".as_bytes()]));
    assert!(check(Event::LearnAddress, &[b"delete", b"10.8.0.0/24"]) && check(Event::LearnAddress, &[]));
    for words in [
        [b"reboot".as_slice(), b"10.8.0.6", b"joe"],
        [b"add", path, b"joe"],
        [b"add", b"10.8.0.6", path],
        [b"add", b"10.8.0.6", b"-rf"],
        [b"add", b"10.8.0.6", b"a\n"],
        [b"add", b"10.8.0.6", &[b'x'; MAX_ARG + 1]],
    ] {
        assert!(!check(Event::LearnAddress, &words), "{words:?}");
    }
    assert!(!check(Event::LearnAddress, &[b"add", b"10.8.0.6", b"joe", b"x"]));
    let up = [b"tun0".as_slice(), b"1500", b"0", b"10.8.0.1", b"255.255.255.0", b"init"];
    assert!(check(Event::Up, &up) && check(Event::RoutePredown, &up));
    for at in 0..up.len() {
        let mut words = up;
        words[at] = path;
        assert!(!check(Event::Up, &words), "{at}");
    }
    assert!(check(Event::Up, &[b"tun0", b"1500", b"0", b"", b"", b"restart"]));
    assert!(check(Event::IpChange, &[b"[AF_INET]192.0.2.1 1194"]) && !check(Event::IpChange, &[path]));
    for event in [Event::Down, Event::RouteUp, Event::ClientConnect, Event::ClientDisconnect] {
        assert!(check(event, &[]) && !check(event, &[b"x"]));
    }
    assert!(EVENTS.into_iter().all(|event| super::argument_types(event).len() <= MAX_ARGS));
}

proptest! {
    #[test]
    fn whatever_passes_is_a_plain_name_and_a_printable_value(name: Vec<u8>, value: Vec<u8>) {
        for event in EVENTS {
            prop_assert!(!variable(event, &name, &value) || plain(&name, &value));
        }
    }

    #[test]
    fn likewise_behind_a_good_prefix(rest: Vec<u8>, value: Vec<u8>) {
        let name = [b"UV_".as_slice(), &rest].concat();
        prop_assert!(!variable(Event::ClientConnect, &name, &value) || plain(&name, &value));
    }
}

fn plain(name: &[u8], value: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && !value.iter().any(|byte| byte.is_ascii_control())
}
