//! What the plugin does: threads of its own decide logins, so that OpenVPN serves others meanwhile.
//!
//! `plugin /path/to/libmy_plugin.so WORD`

use std::sync::Arc;

use ovpn_plugin::{AuthReply, AuthUserPassVerify, Credentials, OpenArgs, Plugin, Pool, Rejection, Result};

/// Threads that ask the backend.
const WORKERS: usize = 4;
/// Logins that may wait for one of them; more are rejected for now.
const QUEUE: usize = 60;

/// What lives from open to close.
struct MyPlugin {
    backend: Arc<Backend>,
    pool: Pool,
}

/// Whom the threads ask.
struct Backend {
    word: Vec<u8>,
}

impl Backend {
    /// This may take its time.
    fn knows(&self, login: &Credentials) -> bool {
        login.password_is(&self.word)
    }
}

#[ovpn_plugin::plugin]
impl Plugin for MyPlugin {
    const NAME: &'static str = "MY-PLUGIN";

    /// Reads the words of the `plugin` line. Still root, unless the line says otherwise; at SIGHUP no longer, where the
    /// configuration has given root up.
    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [word] = args.text_args()?[..] else { return Err("wanted: plugin FILE WORD".into()) };
        let backend = Arc::new(Backend { word: word.as_bytes().to_vec() });
        Ok(Self { backend, pool: Pool::new("login", WORKERS, QUEUE) })
    }

    /// Each event has a method like this; OpenVPN passes those that are here.
    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let login = event.credentials()?;
        let backend = Arc::clone(&self.backend);
        event.answer_in(&self.pool, move |_stop| -> Result<()> {
            // An error rejects, and so does a panic.
            if backend.knows(&login) {
                return Ok(());
            }
            log::info!("a login is rejected");
            Err(Rejection::because("that is not the word").into())
        })
    }
}

ovpn_plugin::export!(MyPlugin);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ovpn_plugin::EventSet;
    use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};

    use super::*;

    #[test]
    fn the_word_lets_in() {
        let mut plugin = Running::<MyPlugin>::open(&CallData::new().arg("please")).unwrap();
        for (password, verdict) in [("please", true), ("now", false)] {
            let files = LoginFiles::new().unwrap();
            let call = files.call().env("username", "joe").env("password", password);
            assert_eq!(plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome, Outcome::Deferred);
            assert_eq!(files.wait_for_verdict(Duration::from_secs(20)), Some(verdict));
        }
    }
}
