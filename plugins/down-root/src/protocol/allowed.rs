//! Which of an event's variables and arguments may cross the border, and of what type each must be.
//!
//! Both sides judge by this list: the front leaves out what is not on it, and the helper takes a message that holds
//! anything else for an attack. A name that is not here can still come from the environment of the UP event, which the
//! helper was forked with. The list has OpenVPN's own variables that change from one event to the next; it has no name
//! that a shell, a loader or an interpreter looks at, and none whose value is the path of a file.
//!
//! A name that a later OpenVPN brings is covered by its family, the last lines of the list: its type is the narrowest
//! that all members of the family fit in. A name of no family does not cross.

use super::form::Form::{
    self, Address, AddressOrNumber, Base64, Change, Context, Device, Learned, Name, Network, Number, Peer,
    Port, Reason, Serial, Text, Time,
};
use crate::event::Event;

/// Most variables of an event.
pub const MAX_VARIABLES: usize = 4096;
/// Longest name, in bytes; OpenVPN takes no longer one from a peer.
pub const MAX_NAME: usize = 256;
/// Longest value, in bytes.
pub const MAX_VALUE: usize = 8192;
/// Longest word of an event, in bytes.
pub const MAX_ARG: usize = 1024;
/// Most arguments of any event.
pub const MAX_ARGS: usize = 6;

/// At DOWN: what the script cannot know from UP, and nothing it would act on by itself.
const AT_DOWN: &[(&str, Form)] = &[
    ("bytes_received", Number),
    ("bytes_sent", Number),
    ("script_context", Context),
    ("signal", Reason),
    ("time_ascii", Time),
    ("time_duration", Number),
    ("time_unix", Number),
];

/// At the other events; the first that matches counts. `#` stands for a number, `*` at the end for any rest of the name.
const AT_OTHERS: &[(&str, Form)] = &[
    ("common_name", Name),
    ("dev", Device),
    ("dev_idx", Number),
    ("dev_type", Device),
    ("dns_server_#_address_#", Address),
    ("dns_server_#_port_#", Port),
    ("ifconfig_ipv6_netbits", Number),
    ("ifconfig_pool_ip6_netbits", Number),
    ("link_mtu", Number),
    ("n_clients", Number),
    ("net_gateway_ipv6", Address),
    ("redirect_gateway", Number),
    ("route_gateway_#", Address),
    ("route_ipv6_gateway_#", Address),
    ("route_ipv6_metric_#", Number),
    ("route_ipv6_network_#", Network),
    ("route_metric_#", Number),
    ("route_net_gateway", Address),
    ("route_netmask_#", Address),
    ("route_network_#", Address),
    ("route_redirect_gateway_ipv4", Number),
    ("route_redirect_gateway_ipv6", Number),
    ("route_vpn_gateway", Address),
    ("script_context", Context),
    ("session_id", Base64),
    ("session_state", Device),
    ("signal", Reason),
    ("time_ascii", Time),
    ("tls_id_#", Text),
    ("trusted_ip", Address),
    ("trusted_ip6", Address),
    ("trusted_port", Port),
    ("tun_mtu", Number),
    ("untrusted_ip", Address),
    ("untrusted_ip6", Address),
    ("untrusted_port", Port),
    ("username", Name),
    // Families.
    ("ID_*", Text),
    ("IV_*", Text),
    ("OPENVPN_*", Text),
    ("UV_*", Text),
    ("X509_#*", Text),
    ("bytes_*", Number),
    ("dns_*", Device),
    ("foreign_option_*", Text),
    ("ifconfig_*", Address),
    ("route_*", AddressOrNumber),
    ("session_*", Base64),
    ("time_*", Number),
    ("tls_*", Serial),
    ("trusted_*", AddressOrNumber),
    ("untrusted_*", AddressOrNumber),
];

/// What the list says of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It may cross the border.
    Passes,
    /// It is on the list, but its name or value does not have the form it should have.
    BadForm,
    /// It is not on the list.
    NotListed,
}

/// How many variables of a kind there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableCount {
    /// One: the list has its full name.
    Single,
    /// As many as there are routes, certificates or servers.
    Family,
    /// As many as a peer likes to send, with any text in them.
    FreeText,
}

/// Whether this variable of the event may cross the border.
pub fn variable(event: Event, name: &[u8], value: &[u8]) -> bool {
    judge(event, name, value) == Judgement::Passes
}

/// Of which kind a variable with this name is, if it may cross given the right value: then it is the event's to say what
/// its value is.
pub fn count_of(event: Event, name: &[u8]) -> Option<VariableCount> {
    listed(event, name).map(|(pattern, form)| match form {
        _ if !pattern.contains(['#', '*']) => VariableCount::Single,
        Text => VariableCount::FreeText,
        _ => VariableCount::Family,
    })
}

/// The same as [`variable`] in detail.
pub fn judge(event: Event, name: &[u8], value: &[u8]) -> Judgement {
    match listed(event, name) {
        None => Judgement::NotListed,
        Some((_, form)) if is_name(name) && form.fits(value) => Judgement::Passes,
        Some(_) => Judgement::BadForm,
    }
}

/// The types of an event's arguments, as many as OpenVPN gives a plugin.
pub fn argument_types(event: Event) -> &'static [Form] {
    match event {
        // The command line of the configuration; the file for the client's options; none.
        Event::Down | Event::ClientConnect | Event::RouteUp | Event::ClientDisconnect => &[],
        Event::RoutePredown | Event::Up => &[Device, Number, Number, Address, Address, Context],
        Event::IpChange => &[Peer],
        Event::LearnAddress => &[Change, Learned, Name],
    }
}

/// Whether these arguments of an event may cross the border. None can be read as an option of a program.
pub fn args<'a>(event: Event, args: impl IntoIterator<Item = &'a [u8]>) -> bool {
    let mut forms = argument_types(event).iter();
    args.into_iter().all(|word| {
        forms.next().is_some_and(|form| word.len() <= MAX_ARG && !word.starts_with(b"-") && form.fits(word))
    })
}

fn listed(event: Event, name: &[u8]) -> Option<(&'static str, Form)> {
    let table = if event == Event::Down { AT_DOWN } else { AT_OTHERS };
    table.iter().find(|(pattern, _)| matches(pattern.as_bytes(), name)).copied()
}

/// Whatever comes after the beginning of a family belongs to it: [`judge`] refuses what is no name.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) | ([b'*'], [_, ..]) => true,
        // `X509_0_CN` and `X509_0`.
        ([b'#', b'*'], [digit, ..]) => digit.is_ascii_digit(),
        ([b'#', pattern @ ..], [digit, ..]) if digit.is_ascii_digit() => {
            let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
            matches(pattern, name.get(digits..).unwrap_or_default())
        }
        ([expected, pattern @ ..], [byte, name @ ..]) => {
            expected == byte && *expected != b'#' && matches(pattern, name)
        }
        _ => false,
    }
}

fn is_name(name: &[u8]) -> bool {
    name.len() <= MAX_NAME && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

#[cfg(test)]
#[path = "allowed_tests.rs"]
mod tests;
