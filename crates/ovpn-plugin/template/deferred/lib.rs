//! What the plugin does: it decides logins in a task, so that OpenVPN serves others meanwhile.
//!
//! `plugin /path/to/libmy_plugin.so WORD`

use std::sync::Arc;

use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Rejection, Result, Tasks, same_secret};

/// Logins that are decided at the same time; beyond, they are rejected.
const MOST_AT_ONCE: usize = 64;

/// What lives from open to close.
struct MyPlugin {
    backend: Arc<Backend>,
    tasks: Tasks,
}

/// Whom the tasks ask.
struct Backend {
    word: Vec<u8>,
}

impl Backend {
    /// This may take its time.
    fn knows(&self, password: &[u8]) -> bool {
        same_secret(password, &self.word)
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
        Ok(Self { backend, tasks: Tasks::new(MOST_AT_ONCE) })
    }

    /// Each event has a method like this; OpenVPN passes those that are here.
    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let password = event.password().unwrap_or_default().to_vec();
        let backend = Arc::clone(&self.backend);
        let (decision, deferral) = event.defer()?;
        self.tasks.spawn("login", move |_stop| {
            // A decision that is dropped rejects, also in a panic.
            let told = if backend.knows(&password) {
                decision.accept()
            } else {
                log::info!("a login is rejected");
                decision.reject_with(&Rejection::because("that is not the word"))
            };
            if let Err(error) = told {
                log::error!("OpenVPN cannot be told: {error}");
            }
        })?;
        Ok(AuthReply::Deferred(deferral))
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
