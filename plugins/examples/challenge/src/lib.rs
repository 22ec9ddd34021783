//! Asks for a code beside the password, in whichever way the client can be asked.
//!
//! `plugin libexample_challenge.so USERNAME PASSWORD CODE`. A client with `static-challenge` has sent the code already;
//! one that announces `crtext` is asked while its login is pending; the others' login is rejected with a question, and they
//! come again with the answer. A real plugin makes up a new code each time and sends it to the user's telephone.

use std::time::Duration;

use ovpn_plugin::{
    Answered, AuthReply, AuthUserPassVerify, Challenges, ClientCrResponse, ClientCrResponseReply, Login,
    OpenArgs, Plugin, Rejection, Result, Verdict,
};

const QUESTION: &str = "Code from your telephone:";
const TIME_FOR_ANSWER: Duration = Duration::from_secs(60);

struct ChallengePlugin {
    username: Vec<u8>,
    password: Vec<u8>,
    code: Vec<u8>,
    challenges: Challenges,
}

#[ovpn_plugin::plugin]
impl Plugin for ChallengePlugin {
    const NAME: &'static str = "CHALLENGE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let words: Vec<&[u8]> = args.args().collect();
        let [username, password, code] = words[..] else {
            return Err("wanted: plugin FILE USERNAME PASSWORD CODE".into());
        };
        let [username, password, code] = [username, password, code].map(<[u8]>::to_vec);
        Ok(Self { username, password, code, challenges: Challenges::new(TIME_FOR_ANSWER) })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        Ok(match self.challenges.login(event) {
            Login::Begins(login)
                if login.username() == self.username && login.password_is(&self.password) =>
            {
                self.challenges.ask(event, QUESTION, ())?.reply(|answered| self.judge(answered))
            }
            Login::Begins(_) => AuthReply::Reject,
            Login::Answered(answered) => self.judge(answered).into(),
            Login::Renewed => AuthReply::Accept,
            Login::Refused(reply) => reply,
        })
    }

    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        Ok(self.judge(self.challenges.response(event)?).into())
    }
}

impl ChallengePlugin {
    fn judge(&self, answered: Answered) -> Verdict {
        if answered.is(&self.code) {
            answered.accept()
        } else {
            answered.reject_with(Rejection::because("wrong code"))
        }
    }
}

ovpn_plugin::export!(ChallengePlugin);

#[cfg(test)]
mod tests {
    use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};
    use ovpn_plugin::{Challenge, EventSet, Pending, base64};

    use super::*;

    const LOGIN: EventSet = EventSet::AUTH_USER_PASS_VERIFY;

    fn plugin() -> Running<ChallengePlugin> {
        Running::open(&CallData::new().arg("joe").arg("secret").arg("123456")).unwrap()
    }

    fn login(files: &LoginFiles, password: &str) -> CallData {
        files.call().env("username", "joe").env("password", password)
    }

    #[test]
    fn while_the_login_is_pending() {
        for (answer, accepted) in [("123456", true), ("654321", false)] {
            let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
            let call = login(&files, "secret").env("IV_SSO", "openurl,crtext");
            assert_eq!(plugin.call(LOGIN, &call).outcome, Outcome::Deferred);
            assert_eq!(Pending::parse(&files.pending()).unwrap().question(), Some((QUESTION, true)));
            let call = call.env("crresponse", base64::encode(answer.as_bytes()));
            assert_eq!(plugin.call(EventSet::CLIENT_CRRESPONSE, &call).outcome, Outcome::Success);
            assert_eq!(files.verdict(), Some(accepted));
        }
    }

    #[test]
    fn by_a_second_login() {
        let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
        assert_eq!(plugin.call(LOGIN, &login(&files, "secret")).outcome, Outcome::Error);
        let question = Challenge::parse(&files.reason()).unwrap().unwrap();
        assert_eq!(question.question(), QUESTION);
        let answer = String::from_utf8(question.password(b"123456")).unwrap();
        let mut again =
            |password: &str| plugin.call(LOGIN, &login(&LoginFiles::new().unwrap(), password)).outcome;
        assert_eq!(again("CRV1::guessed::123456"), Outcome::Error);
        assert_eq!(again(&answer), Outcome::Success);
        assert_eq!(again(&answer), Outcome::Error, "an answer counts once");
    }

    #[test]
    fn with_the_password() {
        let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
        let mut both = |password: &str, code: &str| {
            let encode = |text: &str| base64::encode(text.as_bytes());
            let password = format!("SCRV1:{}:{}", encode(password), encode(code));
            plugin.call(LOGIN, &login(&files, &password)).outcome
        };
        assert_eq!(both("secret", "123456"), Outcome::Success);
        assert_eq!(both("secret", "654321"), Outcome::Error);
        assert_eq!(both("guess", "123456"), Outcome::Error);
        assert_eq!(files.reason(), "wrong code");
    }
}
