//! Which of an event's variables may cross the border, and of what form their values must be.
//!
//! Both sides judge by this list: the front leaves out what is not on it, and the helper takes a message that holds
//! anything else for an attack. A name that is not here can still come from the environment of the UP event, which the
//! helper was forked with. The list has OpenVPN's own variables that change from one event to the next; it has no name
//! that a shell, a loader or an interpreter looks at, and none whose value is the path of a file.

use crate::event::Event;

/// Most variables of an event.
pub const MAX_VARIABLES: usize = 4096;
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
    /// Digits of any base with colons between them; a decimal number may be negative, as serial numbers are now and then.
    Serial,
    /// Letters, digits and what addresses are written with; no option of any program.
    Word,
    /// The same without a `/`: it names a file nowhere.
    Device,
    /// Why OpenVPN restarts or ends, in its own words.
    Reason,
    /// `init` or `restart`.
    Context,
    /// A date and a time.
    Time,
    /// Anything printable; not the beginning of a function that old shells would run.
    Text,
}

use Form::{Context, Device, Number, Reason, Serial, Text, Time, Word};

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

/// At the other events. `*` at the end stands for any rest of the name, `#` before it for a digit.
const AT_OTHERS: &[(&str, Form)] = &[
    ("IV_*", Text),
    ("OPENVPN_*", Text),
    ("UV_*", Text),
    ("X509_#*", Text),
    ("bytes_received", Number),
    ("bytes_sent", Number),
    ("common_name", Text),
    ("dev", Device),
    ("dev_idx", Number),
    ("dev_type", Device),
    ("dns_search_*", Text),
    ("dns_server_*", Text),
    ("foreign_option_*", Text),
    ("ifconfig_*", Word),
    ("link_mtu", Number),
    ("n_clients", Number),
    ("net_gateway_ipv6", Word),
    ("redirect_gateway", Number),
    ("route_*", Word),
    ("script_context", Context),
    ("session_id", Text),
    ("session_state", Device),
    ("signal", Reason),
    ("time_ascii", Time),
    ("time_duration", Number),
    ("time_unix", Number),
    ("tls_digest_*", Serial),
    ("tls_id_*", Text),
    ("tls_serial_*", Serial),
    ("trusted_ip", Word),
    ("trusted_ip6", Word),
    ("trusted_port", Number),
    ("tun_mtu", Number),
    ("untrusted_ip", Word),
    ("untrusted_ip6", Word),
    ("untrusted_port", Number),
    ("username", Text),
];

/// What the list says of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It may cross the border.
    Passes,
    /// It is on the list, but its value does not have the form it should have.
    BadForm,
    /// It is not on the list.
    NotListed,
}

/// Whether this variable of the event may cross the border.
pub fn variable(event: Event, name: &[u8], value: &[u8]) -> bool {
    judge(event, name, value) == Judgement::Passes
}

/// Whether a variable with this name may, given the right value: then it is the event's to say what its value is.
pub fn is_listed(event: Event, name: &[u8]) -> bool {
    form(event, name).is_some()
}

/// The same in detail.
pub fn judge(event: Event, name: &[u8], value: &[u8]) -> Judgement {
    match form(event, name) {
        None => Judgement::NotListed,
        Some(form) if has_form(value, form) => Judgement::Passes,
        Some(_) => Judgement::BadForm,
    }
}

/// Whether this word of an event may cross the border. None is an option of any program.
pub fn arg(word: &[u8]) -> bool {
    word.len() <= MAX_ARG && !word.starts_with(b"-") && word.iter().all(|byte| is_printable(*byte))
}

fn form(event: Event, name: &[u8]) -> Option<Form> {
    let table = if event == Event::Down { AT_DOWN } else { AT_OTHERS };
    table.iter().find(|(pattern, _)| matches(pattern.as_bytes(), name)).map(|(_, form)| *form)
}

fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let Some(start) = pattern.strip_suffix(b"*") else { return pattern == name };
    let (start, digit) = start.strip_suffix(b"#").map_or((start, false), |start| (start, true));
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let Some(rest) = name.strip_prefix(start) else { return false };
    name.len() <= MAX_NAME
        && rest.first().is_some_and(|first| !digit || first.is_ascii_digit())
        && rest.iter().all(is_name)
}

fn has_form(value: &[u8], form: Form) -> bool {
    let word = |max: usize, others: &[u8]| {
        value.len() <= max
            && !value.starts_with(b"-")
            && value.iter().all(|byte| byte.is_ascii_alphanumeric() || others.contains(byte))
    };
    match form {
        Number => value.len() <= 20 && value.iter().all(u8::is_ascii_digit),
        Serial => {
            let (digits, is_digit): (_, fn(&u8) -> bool) = match value.strip_prefix(b"-") {
                // With hexadecimal ones it could be an option: -f, -c.
                Some([]) => return false,
                Some(digits) => (digits, u8::is_ascii_digit),
                None => (value, |byte| byte.is_ascii_hexdigit() || *byte == b':'),
            };
            digits.len() <= 256 && digits.iter().all(is_digit)
        }
        Word => word(256, b"._:/@%+-"),
        Device => word(64, b"._:@%+-") && !value.starts_with(b"."),
        Reason => word(128, b" _-/()") && !value.starts_with(b"("),
        Context => matches!(value, b"init" | b"restart"),
        Time => word(64, b" :-+"),
        Text => {
            value.len() <= MAX_VALUE
                && value.iter().all(|byte| is_printable(*byte))
                && !value.starts_with(b"()")
        }
    }
}

fn is_printable(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7f
}

#[cfg(test)]
#[path = "allowed_tests.rs"]
mod tests;
