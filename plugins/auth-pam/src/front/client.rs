//! What OpenVPN knows of the client, for the environment of PAM modules. Part of it the client chooses: what does not
//! look like what it should be is left out, since pam_exec hands it to programs that run as root.

use ovpn_plugin::AuthUserPassVerify;

use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::reference::Reference;
use crate::protocol::{Client, MAX_ADDRESS, MAX_CLIENT_VALUE};

/// Where this attempt comes from.
pub fn origin(event: &AuthUserPassVerify<'_>, reference: Reference) -> AttemptOrigin {
    let address = event.untrusted_ip().unwrap_or_default().as_bytes();
    // OpenVPN prints addresses, so they are only ever shorter than the bound.
    let address = address[..address.len().min(MAX_ADDRESS)].to_vec();
    AttemptOrigin { address, port: event.untrusted_port().unwrap_or_default(), reference }
}

/// The client of this attempt.
pub fn from_event(event: &AuthUserPassVerify<'_>) -> Client {
    let variable = |name| event.env().get(name).unwrap_or_default();
    let address = event.untrusted_ip().unwrap_or_default().as_bytes();
    Client {
        address: plain(address),
        port: event.untrusted_port().map(|port| port.to_string().into_bytes()).unwrap_or_default(),
        session_id: plain(variable("session_id")),
        version: plain(variable("IV_VER")),
    }
}

/// The value, if it is made of letters, digits and a few signs that mean nothing to a shell.
fn plain(value: &[u8]) -> Vec<u8> {
    let good = |byte: &u8| byte.is_ascii_alphanumeric() || b".:_+-/=%".contains(byte);
    if value.len() <= MAX_CLIENT_VALUE && value.iter().all(good) { value.to_vec() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_values_are_taken() {
        for value in ["", "2.6.14", "3.git:abc-1_x+y", "2001:db8::1%eth0", "QUJD/+=="] {
            assert_eq!(plain(value.as_bytes()), value.as_bytes());
        }
        for value in ["() { :;}; id", "a b", "a\nb", "$(id)", "`id`", "x\u{e9}", "'"] {
            assert_eq!(plain(value.as_bytes()), b"", "{value}");
        }
        assert_eq!(plain(&[b'x'; MAX_CLIENT_VALUE + 1]), b"");
    }
}
