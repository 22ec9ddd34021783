//! Whom a log line is about: the client, named as OpenVPN does it, `joe/192.0.2.2:4711`.

use std::fmt::{self, Write};

use crate::boundary::{during, with_subject};
use crate::events::ip;
use crate::{Env, escape};

/// Longest name of a client in a line, in bytes before they are escaped.
const MAX_NAME_BYTES: usize = 64;

/// Whom an event or a job is about.
pub(crate) struct Subject<'a> {
    pub(crate) who: Who<'a>,
    /// Whether the plugin's own lines begin with it, and not only those of the SDK.
    pub(crate) in_plugins_lines: bool,
}

pub(crate) enum Who<'a> {
    Nobody,
    /// It is in the variables of an event.
    Peer(Env<'a>),
    /// The same in words.
    Named(&'a str),
}

impl<'a> Subject<'a> {
    /// Of an event with these variables.
    pub(crate) fn of_event(event: std::ffi::c_int, env: Env<'a>, in_plugins_lines: bool) -> Self {
        use ovpn_plugin_sys as sys;
        // Those of the device and its routes. A client's variables may hold its server then, which they are not about.
        let about_nobody = matches!(
            event,
            sys::PLUGIN_UP | sys::PLUGIN_DOWN | sys::PLUGIN_ROUTE_UP | sys::PLUGIN_ROUTE_PREDOWN
        );
        Self { who: if about_nobody { Who::Nobody } else { Who::Peer(env) }, in_plugins_lines }
    }
}

impl fmt::Display for Subject<'_> {
    /// Nothing, or a word and a blank.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.who {
            Who::Nobody => Ok(()),
            Who::Named(name) => out.write_str(name),
            Who::Peer(env) => write_peer(out, env),
        }
    }
}

/// A subject by itself, for the job or the future that goes on with a call in other threads. The default is nobody.
#[derive(Default)]
pub(crate) struct OwnedSubject {
    /// Empty, or a word and a blank.
    name: String,
    in_plugins_lines: bool,
}

impl OwnedSubject {
    /// Whom this thread is about now.
    pub(crate) fn of_this_thread() -> Self {
        with_subject(|subject| {
            subject.map_or_else(Self::default, |subject| Self {
                name: subject.to_string(),
                in_plugins_lines: subject.in_plugins_lines,
            })
        })
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn is_nobody(&self) -> bool {
        self.name.is_empty()
    }

    /// Runs `body`, whose lines in the log name the same client, in any thread.
    pub(crate) fn during<R>(&self, body: impl FnOnce() -> R) -> R {
        during(&Subject { who: Who::Named(&self.name), in_plugins_lines: self.in_plugins_lines }, body)
    }
}

#[cfg(feature = "tokio")]
impl fmt::Display for OwnedSubject {
    /// Nothing, or the client's name.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name.trim_end())
    }
}

fn write_peer(out: &mut fmt::Formatter<'_>, env: Env<'_>) -> fmt::Result {
    let name = ["common_name", "username"]
        .into_iter()
        .find_map(|name| env.get(name).filter(|value| !value.is_empty()));
    let address = ["untrusted", "trusted"].into_iter().find_map(|side| match side {
        "untrusted" => Some((ip(env, ["untrusted_ip6", "untrusted_ip"])?, "untrusted_port")),
        _ => Some((ip(env, ["trusted_ip6", "trusted_ip"])?, "trusted_port")),
    });
    if let Some(name) = name {
        write_word(out, name)?;
    }
    if let Some((ip, port)) = address {
        if name.is_some() {
            out.write_char('/')?;
        }
        write_word(out, ip.as_bytes())?;
        // OpenVPN names no port where the address is one of IPv6.
        let port: Option<u16> = env.get_number(port);
        if let Some(port) = port.filter(|_| !ip.contains(':')) {
            write!(out, ":{port}")?;
        }
    }
    if name.is_some() || address.is_some() { out.write_char(' ') } else { Ok(()) }
}

/// One word whatever is in it: what comes behind it is not the client's.
fn write_word(out: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let shown = bytes.get(..MAX_NAME_BYTES).unwrap_or(bytes);
    for (at, part) in shown.split(|byte| *byte == b' ').enumerate() {
        if at > 0 {
            out.write_char('_')?;
        }
        write!(out, "{}", escape(part))?;
    }
    if shown.len() < bytes.len() { out.write_str("...") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use ovpn_plugin_sys as sys;

    use super::*;
    use crate::testing::CallData;

    fn named(call: &CallData) -> String {
        Subject::of_event(sys::PLUGIN_TLS_FINAL, call.environment(), true).to_string()
    }

    #[test]
    fn a_client_is_named_as_openvpn_does_it() {
        let call = CallData::new().env("untrusted_ip", "192.0.2.2").env("untrusted_port", "4711");
        assert_eq!(named(&call), "192.0.2.2:4711 ");
        let call = call.env("username", "joe");
        assert_eq!(named(&call), "joe/192.0.2.2:4711 ");
        let call = call.env("common_name", "joe's");
        assert_eq!(named(&call), "joe's/192.0.2.2:4711 ");
        let call =
            CallData::new().env("trusted_ip6", "2001:db8::1").env("trusted_port", "1").env("username", "ann");
        assert_eq!(named(&call), "ann/2001:db8::1 ");
        assert_eq!(named(&CallData::new().env("username", "ann").env("common_name", "")), "ann ");
        assert_eq!(named(&CallData::new()), "");
    }

    #[test]
    fn a_name_is_one_short_word() {
        assert_eq!(named(&CallData::new().env("username", "a b\nc")), r"a_b\nc ");
        assert_eq!(
            named(&CallData::new().env("username", "x".repeat(100))),
            format!("{}... ", "x".repeat(64))
        );
    }

    #[test]
    fn events_of_the_device_are_about_nobody() {
        let call = CallData::new().env("trusted_ip", "192.0.2.2").env("common_name", "server");
        for event in [sys::PLUGIN_UP, sys::PLUGIN_DOWN, sys::PLUGIN_ROUTE_UP, sys::PLUGIN_ROUTE_PREDOWN] {
            assert_eq!(Subject::of_event(event, call.environment(), true).to_string(), "");
        }
    }
}
