//! `{USERNAME}` and the like in the options of a client. What a value holds must not become anything but a part of its word,
//! neither for OpenVPN nor for the client that gets the option pushed: other values refuse the client.

use std::net::{Ipv4Addr, Ipv6Addr};

use lines::clients;

/// What is known of a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// The user that PAM has let in.
    pub username: String,
    /// The common name of the certificate; empty without one.
    pub common_name: String,
    /// The address in the tunnel.
    pub tunnel_ip: Option<Ipv4Addr>,
    /// The same, IPv6.
    pub tunnel_ip6: Option<Ipv6Addr>,
    /// Where the client comes from; empty: unknown.
    pub address: String,
}

type Get = fn(&Values) -> String;

const ALL: [(&str, Get); 5] = [
    ("{USERNAME}", |values| values.username.clone()),
    ("{COMMONNAME}", |values| values.common_name.clone()),
    ("{TUNNEL_IP}", |values| values.tunnel_ip.map(|ip| ip.to_string()).unwrap_or_default()),
    ("{TUNNEL_IP6}", |values| values.tunnel_ip6.map(|ip| ip.to_string()).unwrap_or_default()),
    ("{TRUSTED_IP}", |values| values.address.clone()),
];

/// The next one in the text: what is before it, how it is written, where its value comes from, what is behind it.
fn next(text: &str) -> Result<Option<(&str, &'static str, Get, &str)>, String> {
    let Some(at) = text.find('{') else { return Ok(None) };
    let (before, rest) = text.split_at(at);
    for (name, get) in ALL {
        if let Some(after) = rest.strip_prefix(name) {
            return Ok(Some((before, name, get, after)));
        }
    }
    let end = rest.find('}').map_or(rest.len(), |end| end + 1);
    let known = ALL.map(|(name, _)| name).join(", ");
    Err(clients::unknown_braces(&rest[..end], &known).to_string())
}

/// Whether all that stands in braces is known; if not, what is wrong.
pub fn check(mut text: &str) -> Result<(), String> {
    while let Some((_, _, _, after)) = next(text)? {
        text = after;
    }
    Ok(())
}

/// The text with the values in it, or why that cannot be.
pub fn fill(mut text: &str, values: &Values) -> Result<String, String> {
    let mut filled = String::new();
    while let Some((before, name, get, after)) = next(text)? {
        let value = get(values);
        if value.is_empty() {
            return Err(clients::no_value(name).to_string());
        }
        if !value.chars().all(is_plain) {
            return Err(clients::unsafe_value(name).to_string());
        }
        filled += before;
        filled += &value;
        text = after;
    }
    Ok(filled + text)
}

/// What ends no word and no option, and begins no other: neither in a file of OpenVPN's nor in what it pushes, where commas
/// separate.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "._-@+=:/%~$^!*&".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(username: &str) -> Values {
        Values { username: username.into(), tunnel_ip: "10.8.0.2".parse().ok(), ..Values::default() }
    }

    #[test]
    fn each_is_replaced_wherever_it_stands() {
        let filled = fill("{USERNAME}.{USERNAME}: {TUNNEL_IP}}", &values("alice@example.com"));
        assert_eq!(filled.unwrap(), "alice@example.com.alice@example.com: 10.8.0.2}");
        // Once: a value is no pattern.
        assert!(fill("{USERNAME}", &values("{TUNNEL_IP}")).is_err());
    }

    #[test]
    fn what_is_unknown_is_a_mistake() {
        for text in ["{", "{username}", "{USERNAME", "{PASSWORD}", "a{}b"] {
            assert!(check(text).is_err() && fill(text, &values("a")).is_err(), "{text}");
        }
        assert!(check("x}{USERNAME}{COMMONNAME}{TUNNEL_IP}{TUNNEL_IP6}{TRUSTED_IP}").is_ok());
    }

    #[test]
    fn hostile_values_refuse_the_client() {
        for username in [
            "a b",
            "a\"b",
            "a'b",
            "a\\b",
            "a\nb",
            "a\tb",
            "a,b",
            "a#b",
            "a;b",
            "a{b",
            "a}b",
            "a|b",
            "a`b",
            "a(b",
            "a<b",
            "a\u{a0}b",
            "a\u{2028}b",
            "a\u{0}b",
            "a\r",
        ] {
            assert!(fill("x {USERNAME}", &values(username)).is_err(), "{username:?}");
            // Who does not name it does not mind.
            assert!(fill("x", &values(username)).is_ok());
        }
        for username in ["m\u{fc}ller", "host$", "a.b-c_d@e", "x/y"] {
            assert!(fill("x {USERNAME}", &values(username)).is_ok(), "{username:?}");
        }
        assert_eq!(fill("{TUNNEL_IP6}", &values("a")).unwrap_err(), "this client has no {TUNNEL_IP6}");
    }
}
