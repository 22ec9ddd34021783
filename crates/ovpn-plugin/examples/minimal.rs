//! The smallest useful plugin: lets in one user, whose name and password are words of the `plugin` line.
//!
//! `plugin /path/to/libminimal.so joe secret`

use ovpn_plugin::{AuthReply, AuthUserPassVerify, EventSet, OpenArgs, OpenError, Plugin, escape};

struct Minimal {
    username: Vec<u8>,
    password: Vec<u8>,
}

impl Plugin for Minimal {
    const NAME: &'static str = "MINIMAL";

    fn open(args: &OpenArgs<'_>) -> Result<Self, OpenError> {
        let words: Vec<&[u8]> = args.args().collect();
        let [username, password] = words[..] else {
            return Err("wanted: plugin FILE USERNAME PASSWORD".into());
        };
        Ok(Self { username: username.to_vec(), password: password.to_vec() })
    }

    fn events(&self) -> EventSet {
        EventSet::AUTH_USER_PASS_VERIFY
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> AuthReply {
        let good =
            event.username() == Some(&self.username[..]) && event.password() == Some(&self.password[..]);
        log::info!("user '{}': {good}", escape(event.username().unwrap_or_default()));
        if good { AuthReply::Accept } else { AuthReply::Reject }
    }
}

ovpn_plugin::export!(Minimal);
