//! Decides logins some time later, in a thread, while OpenVPN serves everybody else.
//!
//! `plugin libexample_deferred_auth.so LOG_ID DEFER_MS USERNAME PASSWORD`: `LOG_ID` marks the lines of the log, and
//! with 0 for `DEFER_MS` (milliseconds) the answer is given at once. Of several plugins only one may defer.

use std::time::Duration;

use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Rejection, Result, Tasks, same_secret};

struct DeferredAuth {
    id: String,
    delay: Duration,
    username: Vec<u8>,
    password: Vec<u8>,
    tasks: Tasks,
}

#[ovpn_plugin::plugin]
impl Plugin for DeferredAuth {
    const NAME: &'static str = "DEFERRED-AUTH";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let words: Vec<&[u8]> = args.args().collect();
        let [id, delay, username, password] = words[..] else {
            return Err("wanted: plugin FILE LOG_ID DEFER_MS USERNAME PASSWORD".into());
        };
        let delay = std::str::from_utf8(delay).ok().and_then(|text| text.parse().ok());
        Ok(Self {
            id: String::from_utf8_lossy(id).into_owned(),
            delay: Duration::from_millis(delay.ok_or("DEFER_MS is no number of milliseconds")?),
            username: username.to_vec(),
            password: password.to_vec(),
            tasks: Tasks::new(100),
        })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let right = |password: &[u8]| same_secret(password, &self.password);
        let good = event.username() == Some(&self.username[..]) && event.password().is_some_and(right);
        if self.delay.is_zero() {
            log::info!("{}: at once: {good}", self.id);
            return Ok(if good { AuthReply::Accept } else { AuthReply::Reject });
        }
        let (id, delay) = (self.id.clone(), self.delay);
        event.answer_in(&mut self.tasks, move |stop| -> Result<()> {
            // Here a real plugin asks its backend.
            stop.wait(delay)?;
            log::info!("{id}: deferred: {good}");
            if good { Ok(()) } else { Err(Rejection::because("wrong password").into()) }
        })
    }
}

ovpn_plugin::export!(DeferredAuth);

#[cfg(test)]
mod tests {
    use ovpn_plugin::EventSet;
    use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};

    use super::*;

    fn plugin(delay_ms: &str) -> Running<DeferredAuth> {
        Running::open(&CallData::new().arg("T").arg(delay_ms).arg("joe").arg("secret")).unwrap()
    }

    fn login(plugin: &mut Running<DeferredAuth>, files: &LoginFiles, password: &str) -> Outcome {
        let call = files.call().env("username", "joe").env("password", password);
        plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome
    }

    #[test]
    fn answers_at_once_or_later() {
        let (files, limit) = (LoginFiles::new().unwrap(), Duration::from_secs(20));
        assert_eq!(login(&mut plugin("0"), &files, "secret"), Outcome::Success);
        assert_eq!(login(&mut plugin("0"), &files, "wrong"), Outcome::Error);
        let mut later = plugin("1");
        assert_eq!(login(&mut later, &files, "secret"), Outcome::Deferred);
        assert_eq!(files.wait_for_verdict(limit), Some(true));
        assert!(later.logged("T: deferred: true"), "{:?}", later.log_lines());
        let files = LoginFiles::new().unwrap();
        assert_eq!(login(&mut later, &files, "wrong"), Outcome::Deferred);
        assert_eq!(files.wait_for_verdict(limit), Some(false));
        assert_eq!(files.reason(), "wrong password");
    }

    #[test]
    fn closing_rejects_what_is_undecided() {
        let files = LoginFiles::new().unwrap();
        let mut plugin = plugin("3600000");
        assert_eq!(login(&mut plugin, &files, "secret"), Outcome::Deferred);
        drop(plugin);
        assert_eq!(files.verdict(), Some(false));
    }
}
