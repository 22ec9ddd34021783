//! Lets in one user, whose name and password are words of the `plugin` line. Runs on Windows too.
//!
//! `plugin libexample_simple.so USERNAME PASSWORD`

use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Result, escape, same_secret};

struct Simple {
    username: Vec<u8>,
    password: Vec<u8>,
}

#[ovpn_plugin::plugin]
impl Plugin for Simple {
    const NAME: &'static str = "SIMPLE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let words: Vec<&[u8]> = args.args().collect();
        let [username, password] = words[..] else {
            return Err("wanted: plugin FILE USERNAME PASSWORD".into());
        };
        Ok(Self { username: username.to_vec(), password: password.to_vec() })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let (Some(username), Some(password)) = (event.username(), event.password()) else {
            return Ok(AuthReply::Reject);
        };
        if username == self.username && same_secret(password, &self.password) {
            return Ok(AuthReply::Accept);
        }
        log::info!("user '{}' is rejected", escape(username));
        Ok(AuthReply::Reject)
    }
}

ovpn_plugin::export!(Simple);

#[cfg(test)]
mod tests {
    use ovpn_plugin::EventSet;
    use ovpn_plugin::testing::{CallData, Outcome, Running};

    use super::*;

    #[test]
    fn one_user_gets_in() {
        let mut plugin = Running::<Simple>::open(&CallData::new().arg("joe").arg("secret")).unwrap();
        let mut login = |username: &str, password: &str| {
            let call = CallData::new().env("username", username).env("password", password);
            plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome
        };
        assert_eq!(login("joe", "secret"), Outcome::Success);
        assert_eq!(login("joe", "wrong"), Outcome::Error);
        assert_eq!(login("ann", "secret"), Outcome::Error);
        assert!(plugin.logged("user 'ann' is rejected"));
        let reply = plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &CallData::new());
        assert_eq!(reply.outcome, Outcome::Error);
    }

    #[test]
    fn the_line_must_be_right() {
        let error = Running::<Simple>::open(&CallData::new().arg("joe")).unwrap_err();
        assert_eq!(error.to_string(), "wanted: plugin FILE USERNAME PASSWORD");
    }
}
