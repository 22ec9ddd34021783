//! The smallest useful plugin: lets in one user, whose name and password are words of the `plugin` line.
//!
//! `plugin /path/to/libminimal.so joe secret`

use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Result, escape};

struct Minimal {
    username: Vec<u8>,
    password: Vec<u8>,
}

#[ovpn_plugin::plugin]
impl Plugin for Minimal {
    const NAME: &'static str = "MINIMAL";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let words: Vec<&[u8]> = args.args().collect();
        let [username, password] = words[..] else {
            return Err("wanted: plugin FILE USERNAME PASSWORD".into());
        };
        Ok(Self { username: username.to_vec(), password: password.to_vec() })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let good =
            event.username() == Some(&self.username[..]) && event.password() == Some(&self.password[..]);
        log::info!("user '{}': {good}", escape(event.username().unwrap_or_default()));
        Ok(if good { AuthReply::Accept } else { AuthReply::Reject })
    }
}

ovpn_plugin::export!(Minimal);
