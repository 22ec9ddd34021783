//! Asks for a code beside the password, in the two ways OpenVPN has.
//!
//! `plugin libexample_challenge.so METHOD USERNAME PASSWORD CODE`: with `crtext` the client is asked while its login is
//! pending, with `dynamic` its login is rejected with a question and it comes again with the answer. Both need
//! OpenVPN 2.6 on the server. A real plugin makes up a new code each time and sends it to the user's telephone.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, Challenge, ChallengeResponse, ClientCrResponse, ClientCrResponseReply,
    ClientState, Decision, OpenArgs, Pending, Plugin, Rejection, Result, same_secret,
};

const QUESTION: &str = "Code from your telephone:";
const TIME_FOR_ANSWER: Duration = Duration::from_secs(60);
/// More questions than this are not kept open at the same time.
const MAX_ASKED: usize = 1000;

struct ChallengePlugin {
    dynamic: bool,
    username: Vec<u8>,
    password: Vec<u8>,
    code: Vec<u8>,
    /// Opened while that is possible: a chroot has no /dev/urandom.
    random: File,
    /// State ids of the questions asked with `dynamic`, each good for one answer.
    asked: HashMap<String, Instant>,
}

#[ovpn_plugin::plugin]
impl Plugin for ChallengePlugin {
    const NAME: &'static str = "CHALLENGE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let words: Vec<&[u8]> = args.args().collect();
        let [method @ (b"crtext" | b"dynamic"), username, password, code] = words[..] else {
            return Err("wanted: plugin FILE crtext|dynamic USERNAME PASSWORD CODE".into());
        };
        Ok(Self {
            dynamic: method == b"dynamic",
            username: username.to_vec(),
            password: password.to_vec(),
            code: code.to_vec(),
            random: File::open("/dev/urandom")?,
            asked: HashMap::new(),
        })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        if event.username() != Some(&self.username) {
            return Ok(AuthReply::Reject);
        }
        if let Some(answer) = event.challenge_response() {
            return Ok(self.second_login(answer));
        }
        if !event.password().is_some_and(|password| same_secret(password, &self.password)) {
            return Ok(AuthReply::Reject);
        }
        if self.dynamic { self.ask_by_rejection() } else { ask_while_pending(event) }
    }

    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        let decision = event.client::<Self>().and_then(|mut waiting| waiting.take());
        let decision = decision.ok_or("this client was asked nothing")?;
        let right = event.decoded_response().is_some_and(|answer| same_secret(&answer, &self.code));
        if right {
            decision.accept()?
        } else {
            decision.reject_with(&Rejection::because("wrong code"))?
        }
        Ok(ClientCrResponseReply::Done)
    }
}

fn ask_while_pending(event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
    let question = Pending::text(TIME_FOR_ANSWER, QUESTION)?;
    let mut waiting = event.client::<ChallengePlugin>().ok_or("no state for this client")?;
    let (decision, deferral) = event.defer()?;
    *waiting = Some(decision);
    Ok(AuthReply::Pending(question, deferral))
}

impl ChallengePlugin {
    fn ask_by_rejection(&mut self) -> Result<AuthReply> {
        self.asked.retain(|_, since| since.elapsed() < TIME_FOR_ANSWER);
        if self.asked.len() >= MAX_ASKED {
            return Err("too many questions are open".into());
        }
        let mut id = [0; 16];
        self.random.read_exact(&mut id)?;
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let challenge = Challenge::new(&id, &self.username, QUESTION)?;
        self.asked.insert(id, Instant::now());
        Ok(AuthReply::RejectWith(Rejection::challenge(&challenge)))
    }

    fn second_login(&mut self, answer: ChallengeResponse<'_>) -> AuthReply {
        let asked = self.asked.remove(answer.state_id);
        let in_time = asked.is_some_and(|since| since.elapsed() < TIME_FOR_ANSWER);
        if in_time && same_secret(answer.response, &self.code) {
            AuthReply::Accept
        } else {
            AuthReply::Reject
        }
    }
}

/// The login of this client that waits for the answer. Dropped with the client, which rejects it.
impl ClientState for ChallengePlugin {
    type State = Option<Decision>;

    fn new_client(&mut self) -> Option<Decision> {
        None
    }
}

ovpn_plugin::export!(ChallengePlugin);

#[cfg(test)]
mod tests {
    use ovpn_plugin::EventSet;
    use ovpn_plugin::base64;
    use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};

    use super::*;

    const LOGIN: EventSet = EventSet::AUTH_USER_PASS_VERIFY;

    fn plugin(method: &str) -> Running<ChallengePlugin> {
        let words = [method, "joe", "secret", "123456"];
        Running::open(&words.into_iter().fold(CallData::new(), |call, word| call.arg(word))).unwrap()
    }

    fn login(files: &LoginFiles, password: &str) -> CallData {
        files.call().env("username", "joe").env("password", password).env("IV_SSO", "openurl,crtext")
    }

    #[test]
    fn while_the_login_is_pending() {
        for (answer, accepted) in [("123456", true), ("654321", false)] {
            let (mut plugin, files) = (plugin("crtext"), LoginFiles::new().unwrap());
            let mut client = plugin.client();
            let reply = plugin.call_for(&mut client, LOGIN, &login(&files, "secret"));
            assert_eq!(reply.outcome, Outcome::Deferred);
            assert_eq!(files.pending(), format!("60\ncrtext\nCR_TEXT:R,E:{QUESTION}\n"));
            let call = files.call().env("crresponse", base64::encode(answer.as_bytes()));
            let reply = plugin.call_for(&mut client, EventSet::CLIENT_CRRESPONSE, &call);
            assert_eq!((reply.outcome, files.verdict()), (Outcome::Success, Some(accepted)));
        }
    }

    #[test]
    fn by_a_second_login() {
        let (mut plugin, files) = (plugin("dynamic"), LoginFiles::new().unwrap());
        assert_eq!(plugin.call(LOGIN, &login(&files, "secret")).outcome, Outcome::Error);
        let reason = files.reason();
        let id = reason.split(':').nth(2).unwrap();
        assert_eq!(reason, format!("CRV1:R,E:{id}:am9l:{QUESTION}"));
        let answer = format!("CRV1::{id}::123456");
        let mut again = |password: &str| plugin.call(LOGIN, &login(&files, password)).outcome;
        assert_eq!(again("CRV1::guessed::123456"), Outcome::Error);
        assert_eq!(again(&answer), Outcome::Success);
        assert_eq!(again(&answer), Outcome::Error, "an answer counts once");
    }

    #[test]
    fn a_client_that_cannot_be_asked_is_told() {
        let (mut plugin, files) = (plugin("crtext"), LoginFiles::new().unwrap());
        let mut client = plugin.client();
        let call = files.call().env("username", "joe").env("password", "secret");
        assert_eq!(plugin.call_for(&mut client, LOGIN, &call).outcome, Outcome::Error);
        assert!(files.reason().contains("cannot ask"), "{}", files.reason());
    }
}
