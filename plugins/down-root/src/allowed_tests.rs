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
    assert!(is_listed(at, b"common_name") && !is_listed(Event::Down, b"common_name"));
}

#[test]
fn words_are_printable_and_bounded() {
    assert!(arg(b"") && arg(b"add") && arg("10.8.0.6/32 ü".as_bytes()) && arg(&[b'x'; MAX_ARG]));
    assert!(!arg(b"-rf") && !arg(b"a\0") && !arg(b"a\n") && !arg(&[b'x'; MAX_ARG + 1]));
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
