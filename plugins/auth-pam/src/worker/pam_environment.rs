//! What PAM modules learn of a client besides its address.

use std::ffi::{CStr, CString};

use pam::{Conversation, PamError, Transaction};

use crate::protocol::Client;

/// There is no terminal; the name stands in access.conf and time.conf.
const TTY: &CStr = c"openvpn";

/// Sets `PAM_TTY`, `PAM_RUSER` and the environment of the transaction.
pub fn set<C: Conversation + Send>(
    transaction: &mut Transaction<C>,
    common_name: &[u8],
    client: &Client,
) -> Result<(), PamError> {
    transaction.set_tty(TTY)?;
    if let Some(name) = ruser(common_name) {
        transaction.set_ruser(&name)?;
    }
    for variable in variables(common_name, client) {
        transaction.put_env(&variable)?;
    }
    Ok(())
}

/// The common name, unless it could pass itself off as further fields of a line: modules log
/// `ruser=NAME rhost=ADDRESS`, and log watchers ban addresses for that.
fn ruser(common_name: &[u8]) -> Option<CString> {
    let imitates = common_name.contains(&b'=') && common_name.iter().any(|byte| *byte <= b' ');
    if common_name.is_empty() || imitates { None } else { CString::new(common_name).ok() }
}

/// Those of which something is known.
fn variables(common_name: &[u8], client: &Client) -> Vec<CString> {
    // Old shells run what looks like a function.
    let common_name = if common_name.starts_with(b"()") { b"" } else { common_name };
    [
        ("COMMON_NAME", common_name),
        ("TRUSTED_IP", &client.address),
        ("TRUSTED_PORT", &client.port),
        ("SESSION_ID", &client.session_id),
        ("CLIENT_VERSION", &client.version),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .filter_map(|(name, value)| CString::new([format!("OPENVPN_{name}=").as_bytes(), value].concat()).ok())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x rhost=203.0.113.9 user=y` had fail2ban ban that address.
    #[test]
    fn a_common_name_is_no_other_field_of_a_line() {
        for name in [&b"alice"[..], b"John Smith", b"CN=alice", b"alice@example.com"] {
            assert_eq!(ruser(name).as_deref().map(CStr::to_bytes), Some(name));
        }
        for name in [&b""[..], b"x rhost=203.0.113.9 user=y", b"a\tb=c", b"a=b c", b"a\0b"] {
            assert_eq!(ruser(name), None);
        }
    }

    #[test]
    fn what_is_unknown_is_not_set() {
        assert!(variables(b"", &Client::default()).is_empty());
        assert!(variables(b"() { :;}; id", &Client::default()).is_empty());
        let client = Client { address: b"192.0.2.7".to_vec(), port: b"40000".to_vec(), ..Client::default() };
        let expected =
            [c"OPENVPN_COMMON_NAME=a b", c"OPENVPN_TRUSTED_IP=192.0.2.7", c"OPENVPN_TRUSTED_PORT=40000"];
        assert_eq!(variables(b"a b", &client), expected.map(CString::from));
    }
}
