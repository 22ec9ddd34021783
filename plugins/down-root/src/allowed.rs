//! Which of an event's variables may cross the border, and of what form their values must be.
//!
//! Both sides judge by this list: the front leaves out what is not on it, and the helper takes a message that holds
//! anything else for an attack. A name that is not here can still come from the environment of the UP event, which the
//! helper was forked with. The list has OpenVPN's own variables that change from one event to the next; it has no name
//! that a shell, a loader or an interpreter looks at, and none whose value is the path of a file.

use crate::event::Event;

/// Most variables of an event.
pub const MAX_VARIABLES: usize = 1024;
/// Longest name, in bytes.
pub const MAX_NAME: usize = 128;
/// Longest value, in bytes.
pub const MAX_VALUE: usize = 8192;
/// Longest word of an event, in bytes.
pub const MAX_ARG: usize = 1024;

/// What a value may look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Digits.
    Number,
    /// Letters, digits and what addresses, names of devices and times are written with.
    Word,
    /// Anything printable; not the beginning of a function that old shells would run.
    Text,
}

use Form::{Number, Text, Word};

/// At DOWN: what the script cannot know from UP, and nothing it would act on by itself.
const AT_DOWN: &[(&str, Form)] = &[
    ("bytes_received", Number),
    ("bytes_sent", Number),
    ("script_context", Word),
    ("signal", Word),
    ("time_ascii", Text),
    ("time_duration", Number),
    ("time_unix", Number),
];

/// At the other events. `*` stands for any rest of the name.
const AT_OTHERS: &[(&str, Form)] = &[
    ("IV_*", Text),
    ("OPENVPN_*", Text),
    ("UV_*", Text),
    ("X509_*", Text),
    ("bytes_received", Number),
    ("bytes_sent", Number),
    ("common_name", Text),
    ("dev", Word),
    ("dev_idx", Number),
    ("dev_type", Word),
    ("dns_search_*", Text),
    ("dns_server_*", Text),
    ("foreign_option_*", Text),
    ("ifconfig_*", Word),
    ("link_mtu", Number),
    ("n_clients", Number),
    ("net_gateway_ipv6", Word),
    ("redirect_gateway", Number),
    ("route_*", Word),
    ("script_context", Word),
    ("session_id", Text),
    ("session_state", Word),
    ("signal", Word),
    ("time_ascii", Text),
    ("time_duration", Number),
    ("time_unix", Number),
    ("tls_digest_*", Word),
    ("tls_id_*", Text),
    ("tls_serial_*", Word),
    ("trusted_ip", Word),
    ("trusted_ip6", Word),
    ("trusted_port", Number),
    ("tun_mtu", Number),
    ("untrusted_ip", Word),
    ("untrusted_ip6", Word),
    ("untrusted_port", Number),
    ("username", Text),
];

/// Whether this variable of the event may cross the border.
pub fn variable(event: Event, name: &[u8], value: &[u8]) -> bool {
    let table = if event == Event::Down { AT_DOWN } else { AT_OTHERS };
    let form = table.iter().find(|(pattern, _)| matches(pattern.as_bytes(), name)).map(|(_, form)| *form);
    form.is_some_and(|form| has_form(value, form))
}

/// Whether this word of an event may cross the border.
pub fn arg(word: &[u8]) -> bool {
    word.len() <= MAX_ARG && word.iter().all(|byte| is_printable(*byte))
}

fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let Some(start) = pattern.strip_suffix(b"*") else { return pattern == name };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    name.len() <= MAX_NAME && name.starts_with(start) && name.len() > start.len() && name.iter().all(is_name)
}

fn has_form(value: &[u8], form: Form) -> bool {
    match form {
        Number => value.len() <= 20 && value.iter().all(u8::is_ascii_digit),
        Word => value.len() <= 256 && value.iter().all(|byte| is_of_a_word(*byte)),
        Text => {
            value.len() <= MAX_VALUE
                && value.iter().all(|byte| is_printable(*byte))
                && !value.starts_with(b"()")
        }
    }
}

fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._:/@%+-".contains(&byte)
}

fn is_printable(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7f
}

#[cfg(test)]
mod tests {
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
            ("tls_id_1", "C=KG, CN=OpenVPN-TEST"),
            ("X509_0_CN", "client"),
            ("IV_PLAT_VER", "5.10.0 (x86)"),
            ("UV_ID", "a b"),
            ("route_network_1", "10.1.0.0"),
            ("route_ipv6_network_1", "2001:db8::/64"),
            ("time_ascii", "2030-01-02 03:04:05"),
            ("dev", "tun0"),
            ("foreign_option_1", "dhcp-option DNS 10.8.0.1"),
        ] {
            assert!(variable(Event::ClientConnect, name.as_bytes(), value.as_bytes()), "{name}={value}");
        }
        assert!(variable(Event::Down, b"signal", b"sigusr1"));
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
    fn words_are_printable_and_bounded() {
        assert!(arg(b"") && arg(b"add") && arg("10.8.0.6/32 ü".as_bytes()) && arg(&[b'x'; MAX_ARG]));
        assert!(!arg(b"a\0") && !arg(b"a\n") && !arg(&[b'x'; MAX_ARG + 1]));
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
}
