//! What the plugin does.
//!
//! `plugin /path/to/libmy_plugin.so WORD`

use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Rejection, Result, same_secret};

/// What lives from open to close.
struct MyPlugin {
    word: Vec<u8>,
}

#[ovpn_plugin::plugin]
impl Plugin for MyPlugin {
    const NAME: &'static str = "MY-PLUGIN";

    /// Reads the words of the `plugin` line. Still root, unless the line says otherwise; at SIGHUP no longer, where the
    /// configuration has given root up.
    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [word] = args.text_args()?[..] else { return Err("wanted: plugin FILE WORD".into()) };
        Ok(Self { word: word.as_bytes().to_vec() })
    }

    /// Each event has a method like this; OpenVPN passes those that are here.
    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        if event.password().is_some_and(|password| same_secret(password, &self.word)) {
            return Ok(AuthReply::Accept);
        }
        log::info!("a login is rejected");
        Ok(AuthReply::RejectWith(Rejection::because("that is not the word")))
    }
}

ovpn_plugin::export!(MyPlugin);

#[cfg(test)]
mod tests {
    use ovpn_plugin::EventSet;
    use ovpn_plugin::testing::{LoginFiles, Outcome, Running};

    use super::*;

    #[test]
    fn the_word_lets_in() {
        let args = ovpn_plugin::testing::CallData::new().arg("please");
        let mut plugin = Running::<MyPlugin>::open(&args).unwrap();
        let files = LoginFiles::new().unwrap();
        let mut login = |password: &str| {
            plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &files.call().env("password", password)).outcome
        };
        assert_eq!(login("please"), Outcome::Success);
        assert_eq!(login("now"), Outcome::Error);
        assert_eq!(files.reason(), "that is not the word");
    }
}
