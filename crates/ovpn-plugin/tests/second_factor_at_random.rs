//! Clients that do anything: right and wrong passwords and answers, in any order and form, twice, for others, and with ids
//! of questions that others were asked. Nobody gets in without both factors, and nobody waits for ever.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::time::Duration;

use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};
use ovpn_plugin::{
    Answered, AuthReply, AuthUserPassVerify, Challenge, Challenges, ClientCrResponse, ClientCrResponseReply,
    Credentials, EventSet, OpenArgs, Plugin, Pool, Rejection, Result, SecondFactor, Stop, base64,
};
use proptest::prelude::*;

const LIMIT: Duration = Duration::from_secs(20);
const USERS: [&str; 3] = ["joe", "ann", "single"];
const CODES: [&str; 3] = ["111111", "222222", "333333"];
const ADDRESSES: [&str; 2] = ["192.0.2.1", "198.51.100.2"];
/// Questions to one user that are open at a time.
const MOST: usize = 8;
/// What is no password, and no answer.
const ODD: [&str; 6] = ["", "[[BLANK]]", "CRV1::", "SCRV1:", "SCRV1:c2VjcmV0", "CRV1::\u{e9}\u{1}::111111"];

fn code(name: &[u8]) -> &'static str {
    USERS.iter().position(|user| user.as_bytes() == name).map_or("", |place| CODES[place])
}

struct Backend;

impl SecondFactor for Backend {
    type Kept = Vec<u8>;

    fn has_second_factor(&self, username: &[u8]) -> bool {
        username != b"single"
    }

    fn check(&self, login: &Credentials, _: &Stop) -> Result<Option<Vec<u8>>> {
        if login.username() == b"ann" {
            // Some answers come before the password is known to be right.
            std::thread::sleep(Duration::from_millis(1));
        }
        if !login.password_is(b"secret") {
            return Err(Rejection::because("wrong password").into());
        }
        Ok((login.username() != b"single").then(|| login.username().to_vec()))
    }

    fn judge(&self, answered: &Answered<Vec<u8>>, _: &Stop) -> Result<()> {
        if answered.value() == answered.username() && answered.is(code(answered.value()).as_bytes()) {
            return Ok(());
        }
        Err(Rejection::because("wrong code").into())
    }
}

struct Sample {
    challenges: Challenges<Vec<u8>>,
    pool: Pool,
}

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        let challenges = Challenges::new(Duration::from_secs(60));
        Ok(Self { challenges, pool: Pool::new("backend", 2, 1000) })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        self.challenges.login_in(event, &self.pool, "Code:", &Arc::new(Backend))
    }

    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        self.challenges.response_in(event, &self.pool, &Arc::new(Backend))
    }
}

/// What a client sends as password.
#[derive(Debug, Clone)]
enum Sent {
    Password(bool),
    /// The response to a static challenge with it: the code of this user.
    Both(bool, usize),
    /// The answer to the question of an attempt so many ago: the code of this user.
    Answer(usize, usize),
    Odd(usize),
}

#[derive(Debug, Clone)]
enum Step {
    LogIn {
        user: usize,
        address: usize,
        pending: bool,
        sent: Sent,
    },
    /// The client of an attempt so many ago answers while it is pending: as this user, with the code of that one.
    Respond {
        attempt: usize,
        user: usize,
        code: usize,
        malformed: bool,
    },
    /// What has been begun is over.
    Settle,
}

/// How many attempts ago: mostly the last one.
fn which() -> impl Strategy<Value = usize> {
    prop_oneof![2 => Just(0), 1 => 0..40usize]
}

fn step() -> impl Strategy<Value = Step> {
    let sent = prop_oneof![
        3 => prop::bool::weighted(0.8).prop_map(Sent::Password),
        1 => (any::<bool>(), 0..3usize).prop_map(|(right, code)| Sent::Both(right, code)),
        4 => (which(), 0..3usize).prop_map(|(attempt, code)| Sent::Answer(attempt, code)),
        1 => (0..ODD.len()).prop_map(Sent::Odd),
    ];
    prop_oneof![
        6 => (0..3usize, 0..2usize, any::<bool>(), sent)
            .prop_map(|(user, address, pending, sent)| Step::LogIn { user, address, pending, sent }),
        5 => (which(), 0..3usize, 0..3usize, prop::bool::weighted(0.1))
            .prop_map(|(attempt, user, code, malformed)| Step::Respond { attempt, user, code, malformed }),
        3 => Just(Step::Settle),
    ]
}

struct Attempt {
    files: LoginFiles,
    user: usize,
    address: usize,
    pending: bool,
    outcome: Outcome,
    /// Its password, and perhaps an answer, were right.
    may: bool,
    /// Waits for an answer while it is pending.
    waits: bool,
    /// An answer to it was taken while it is pending.
    answered: bool,
    question_used: bool,
}

impl Attempt {
    fn question(&self) -> Option<Challenge> {
        Challenge::parse(&self.files.reason()).ok()?
    }

    fn accepted(&self) -> bool {
        self.outcome == Outcome::Success || self.files.verdict() == Some(true)
    }
}

/// What a client with these sends, and whether that alone lets it in.
fn password(attempts: &mut [Attempt], user: usize, address: usize, sent: &Sent) -> (String, bool) {
    let word = |right: bool| if right { "secret" } else { "guess" };
    match *sent {
        Sent::Password(right) => (word(right).to_owned(), right && USERS[user] == "single"),
        Sent::Both(right, code) => {
            let [first, second] = [word(right), CODES[code]].map(|text| base64::encode(text.as_bytes()));
            (format!("SCRV1:{first}:{second}"), right && (code == user || USERS[user] == "single"))
        }
        Sent::Answer(attempt, code) => {
            let mut ago = attempts.iter_mut().rev();
            let asked = ago.nth(attempt).and_then(|one| Some((one.question()?, one)));
            let Some((question, asked)) = asked else {
                return (format!("CRV1::{}::{}", "0".repeat(32), CODES[code]), false);
            };
            let answer = String::from_utf8(question.password(CODES[code].as_bytes())).unwrap();
            let theirs = asked.user == user && asked.address == address;
            let counts = theirs && !asked.question_used;
            asked.question_used |= theirs;
            (answer, counts && code == user)
        }
        Sent::Odd(which) => (ODD[which].to_owned(), false),
    }
}

fn settle(plugin: &Running<Sample>, attempts: &[Attempt]) {
    for attempt in attempts.iter().filter(|attempt| attempt.outcome == Outcome::Deferred && !attempt.waits) {
        assert!(attempt.files.wait_for_verdict(LIMIT).is_some(), "undecided: {:?}", plugin.log_lines());
    }
}

fn play(steps: &[Step]) {
    let mut plugin = Running::<Sample>::open(&CallData::new()).unwrap();
    let mut attempts: Vec<Attempt> = Vec::new();
    for step in steps {
        match step {
            Step::LogIn { user, address, pending, sent } => {
                let (password, may) = password(&mut attempts, *user, *address, sent);
                let files = LoginFiles::new().unwrap();
                let methods = if *pending { "crtext" } else { "" };
                let call =
                    files.call().env("username", USERS[*user]).env("untrusted_ip", ADDRESSES[*address]);
                let call = call.env("IV_SSO", methods).env("password", &password);
                let outcome = plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome;
                let asked = !files.pending().is_empty();
                let waits = asked && matches!(sent, Sent::Password(true));
                attempts.push(Attempt {
                    files,
                    user: *user,
                    address: *address,
                    pending: asked,
                    outcome,
                    may,
                    waits,
                    answered: false,
                    question_used: false,
                });
            }
            Step::Respond { attempt, user, code, malformed } if !attempts.is_empty() => {
                let count = attempts.len();
                let attempt = &mut attempts[count - 1 - attempt % count];
                let answer = base64::encode(CODES[*code].as_bytes());
                let answer = if *malformed { "no base64".to_owned() } else { answer };
                let call = attempt.files.call().env("username", USERS[*user]).env("crresponse", answer);
                let taken = plugin.call(EventSet::CLIENT_CRRESPONSE, &call).outcome == Outcome::Success;
                let theirs = attempt.pending && attempt.user == *user;
                assert!(!taken || theirs && !attempt.answered, "an answer of nobody counts, or a second one");
                attempt.answered |= taken;
                let lost = attempt.waits && theirs && !malformed && !taken;
                assert!(!lost || count > MOST, "an answer is lost: {:?}", plugin.log_lines());
                if taken && attempt.waits {
                    attempt.waits = false;
                    attempt.may = code == user;
                } else if *malformed && attempt.waits && theirs {
                    // It is refused, unless the password is still being checked.
                    attempt.waits = attempt.files.verdict().is_none();
                }
            }
            Step::Respond { .. } => {}
            Step::Settle => settle(&plugin, &attempts),
        }
    }
    settle(&plugin, &attempts);
    for attempt in &attempts {
        let (accepted, name) = (attempt.accepted(), USERS[attempt.user]);
        assert!(!accepted || attempt.may, "{name} is let in: {:?}", plugin.log_lines());
        // Of more questions to one user the oldest gives way.
        assert!(accepted || !attempt.may || attempts.len() > MOST, "{name}: {:?}", plugin.log_lines());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn nobody_gets_in_without_both_factors(steps in prop::collection::vec(step(), 1..40)) {
        play(&steps);
    }
}
