//! What the value of a variable, or an argument of an event, may look like. A value is parsed into its type. One that does
//! not parse is refused, never repaired.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::allowed::MAX_VALUE;

/// The type of a value. The empty value belongs to every type but those of fixed words: it names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An IPv4 or IPv6 address. An IPv6 address may have a zone.
    Address,
    /// An address, or a MAC address, that a server learns of a client: also with the length of its network.
    Learned,
    /// An address with the length of its network.
    Network,
    /// An address, a network or a number: what the families of addresses and routes have.
    AddressOrNumber,
    /// What OpenVPN prints of a peer: its address family, address and port.
    Peer,
    /// The number of a port.
    Port,
    /// Digits.
    Number,
    /// Hexadecimal digits with colons between them; a decimal number may be negative, as serial numbers are now and then.
    Serial,
    /// The name of a device, or a word of OpenVPN's own: no `/` in it, so it names a file nowhere else.
    Device,
    /// What base64 is written with.
    Base64,
    /// Why OpenVPN restarts or ends, as it says it.
    Reason,
    /// `init` or `restart`.
    Context,
    /// `add`, `update` or `delete`.
    Change,
    /// A date and a time.
    Time,
    /// The name of a client: OpenVPN's own class of characters for it, and no way up in a path.
    Name,
    /// Anything printable.
    Text,
}

impl Form {
    /// Whether this is a value of that type.
    pub fn fits(self, value: &[u8]) -> bool {
        match self {
            Form::Context => matches!(value, b"init" | b"restart"),
            Form::Change => matches!(value, b"add" | b"update" | b"delete"),
            _ => value.is_empty() || self.fits_filled(value),
        }
    }

    fn fits_filled(self, value: &[u8]) -> bool {
        match self {
            Form::Address => is_address(value),
            Form::Learned => is_learned(value),
            Form::Network => is_network(value),
            Form::AddressOrNumber => is_address(value) || is_network(value) || is_number(value),
            Form::Peer => is_peer(value),
            Form::Port => is_port(value),
            Form::Number => is_number(value),
            Form::Serial => is_serial(value),
            Form::Device => is_word(value, 64, b"._:@%+-") && !value.starts_with(b"."),
            Form::Base64 => is_word(value, 128, b"+/=_-") && !value.starts_with(b"/"),
            Form::Reason => {
                is_word(value, 128, b" _-/()") && !value.starts_with(b"(") && !value.starts_with(b"/")
            }
            Form::Time => is_word(value, 64, b" :-+"),
            Form::Name => is_text(value) && !climbs(value),
            Form::Text => is_text(value),
            Form::Context | Form::Change => false,
        }
    }
}

fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok()
}

fn is_number(value: &[u8]) -> bool {
    value.len() <= 20 && value.iter().all(u8::is_ascii_digit)
}

fn is_port(value: &[u8]) -> bool {
    is_number(value) && text(value).is_some_and(|port| port.parse::<u16>().is_ok())
}

fn is_address(value: &[u8]) -> bool {
    let Some(value) = text(value) else { return false };
    match value.split_once('%') {
        None => value.parse::<IpAddr>().is_ok(),
        Some((address, zone)) => {
            address.parse::<Ipv6Addr>().is_ok() && !zone.is_empty() && Form::Device.fits(zone.as_bytes())
        }
    }
}

fn is_network(value: &[u8]) -> bool {
    let Some((address, length)) = text(value).and_then(|value| value.split_once('/')) else { return false };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    is_length(length, if address.is_ipv4() { 32 } else { 128 })
}

fn is_length(digits: &str, longest: u8) -> bool {
    is_number(digits.as_bytes()) && digits.parse::<u8>().is_ok_and(|length| length <= longest)
}

fn is_learned(value: &[u8]) -> bool {
    // OpenVPN leaves the address out when it is 0.0.0.0.
    let default_route = |value: &str| value.strip_prefix('/').is_some_and(|length| is_length(length, 32));
    is_address(value)
        || is_network(value)
        || text(value).is_some_and(|value| is_mac(value) || default_route(value))
}

/// Six bytes, and the number of a VLAN since 2.5.
fn is_mac(value: &str) -> bool {
    let (address, vlan) =
        value.split_once('@').map_or((value, None), |(address, vlan)| (address, Some(vlan)));
    let is_byte = |byte: &str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
    address.split(':').count() == 6
        && address.split(':').all(is_byte)
        && vlan.is_none_or(|vlan| is_port(vlan.as_bytes()) && !vlan.is_empty())
}

/// Such as `[AF_INET]192.0.2.1 1194`, `[AF_INET6]fe80::1%eth0 1194`, `[undef]`.
fn is_peer(value: &[u8]) -> bool {
    let Some(value) = text(value) else { return false };
    if value == "[undef]" {
        return true;
    }
    let (peer, is_v4) = match (value.strip_prefix("[AF_INET]"), value.strip_prefix("[AF_INET6]")) {
        (Some(peer), _) => (peer, Some(true)),
        (_, Some(peer)) => (peer, Some(false)),
        _ => (value, None),
    };
    let (address, port) = peer.split_once(' ').map_or((peer, None), |(address, port)| (address, Some(port)));
    let family = is_v4.is_none_or(|is_v4| address.parse::<Ipv4Addr>().is_ok() == is_v4);
    family
        && !address.is_empty()
        && is_address(address.as_bytes())
        && port.is_none_or(|port| !port.is_empty() && is_port(port.as_bytes()))
}

fn is_serial(value: &[u8]) -> bool {
    let (digits, is_digit): (_, fn(&u8) -> bool) = match value.strip_prefix(b"-") {
        // With hexadecimal ones it could be an option: -f, -c.
        Some([]) => return false,
        Some(digits) => (digits, u8::is_ascii_digit),
        None => (value, |byte| byte.is_ascii_hexdigit() || *byte == b':'),
    };
    digits.len() <= 256 && digits.iter().all(is_digit)
}

/// Letters, digits and these other characters; no option of any program.
fn is_word(value: &[u8], longest: usize, others: &[u8]) -> bool {
    value.len() <= longest
        && !value.starts_with(b"-")
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || others.contains(byte))
}

/// What OpenVPN takes for printable, UTF-8 included; not the beginning of a function that old shells would run.
fn is_text(value: &[u8]) -> bool {
    value.len() <= MAX_VALUE
        && value.iter().all(|byte| *byte >= b' ' && *byte != 0x7f)
        && !value.starts_with(b"()")
}

fn climbs(value: &[u8]) -> bool {
    value.split(|byte| *byte == b'/').any(|part| part == b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: Form, good: &[&str], bad: &[&str]) {
        good.iter().for_each(|value| assert!(form.fits(value.as_bytes()), "{form:?}: {value}"));
        bad.iter().for_each(|value| assert!(!form.fits(value.as_bytes()), "{form:?}: {value}"));
    }

    #[test]
    fn addresses() {
        let path = "../../../etc/cron.d/x";
        check(
            Form::Address,
            &["", "192.0.2.1", "0.0.0.0", "2001:db8::1", "fe80::1%eth0", "::ffff:192.0.2.1"],
            &[
                path,
                "/etc/cron.d/x",
                "x",
                "1194",
                "192.0.2.1/24",
                "192.0.2",
                "fe80::1%",
                "fe80::1%../x",
                "192.0.2.1%eth0",
                "-1",
                "::1 ",
            ],
        );
        check(
            Form::Network,
            &["10.8.0.0/24", "2001:db8::/64", "::/0"],
            &[path, "10.8.0.0", "10.8.0.0/33", "::/129", "10.8.0.0/+1", "::/", "10.8.0.0/24/x"],
        );
        check(
            Form::AddressOrNumber,
            &["10.8.0.1", "2001:db8::/64", "7", "255.255.255.0"],
            &[path, "eth0", "a b"],
        );
        check(
            Form::Learned,
            &[
                "10.8.0.6",
                "10.8.0.0/24",
                "2001:db8::/64",
                "00:aa:0B:cd:ef:01",
                "00:aa:0b:cd:ef:01@0",
                "/0",
                "/1",
            ],
            &[
                path,
                "/etc",
                "00:aa:0b:cd:ef",
                "00:aa:0b:cd:ef:01@",
                "00:aa:0b:cd:ef:01@x",
                "/33",
                "10.8.0.6:1194",
                "joe",
            ],
        );
        check(
            Form::Peer,
            &[
                "[AF_INET]192.0.2.1 1194",
                "[AF_INET6]fe80::1%eth0 1194",
                "[undef]",
                "192.0.2.1",
                "[AF_INET]192.0.2.1",
            ],
            &[
                path,
                "[AF_INET]",
                "[AF_INET]::1 1",
                "[AF_INET6]192.0.2.1 1",
                "[AF_INET]192.0.2.1 ",
                "[AF_INET]192.0.2.1 1 2",
                "[AF_UNIX]/x",
                "1194",
            ],
        );
    }

    #[test]
    fn numbers_and_words() {
        check(Form::Port, &["0", "1194", "65535"], &["65536", "-1", "+1", "1194; reboot", "0x1"]);
        check(Form::Number, &["42", "18446744073709551615"], &["-1", "1e3", "123456789012345678901"]);
        check(Form::Context, &["init", "restart"], &["", "reboot"]);
        check(Form::Change, &["add", "update", "delete"], &["", "ADD", "added", "-rf"]);
        check(Form::Base64, &["AbC+/012=="], &["/etc/passwd", "../x", "a b"]);
        check(Form::Reason, &["Could not determine IPv4/IPv6 protocol"], &["/etc", "../x", "-TERM"]);
        check(Form::Device, &["tun0", "eth0.7", "br-lan"], &["../eth0", "a/b", ".x", "-a", "tun0 up"]);
    }

    /// OpenVPN's class: printable, with UTF-8.
    #[test]
    fn names() {
        check(
            Form::Name,
            &["joe", "Jürgen's laptop", "joe@example.com", "a/b", "...", "$(x)"],
            &["../../../etc/cron.d/x", "..", "a/..", "a/../b", "a\nb", "a\u{7f}", "() { :; }"],
        );
        check(Form::Text, &["../x", "C=KG, CN=OpenVPN-TEST"], &["a\tb", "()"]);
    }
}
