//! Two factors with a backend that makes logins wait: each way to be asked, guesses, and what goes wrong.
#![cfg(target_os = "linux")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};
use ovpn_plugin::{
    Answered, AuthReply, AuthUserPassVerify, Challenge, Challenges, ClientCrResponse, ClientCrResponseReply,
    Credentials, EventSet, OpenArgs, Pending, Plugin, Pool, Rejection, Result, SecondFactor, Stop, base64,
};

const LIMIT: Duration = Duration::from_secs(20);
const LOGIN: EventSet = EventSet::AUTH_USER_PASS_VERIFY;
const QUESTION: &str = "Code:";

/// The backend. `slow` ones wait at the gate.
struct Backend {
    gate: Mutex<Receiver<()>>,
}

impl Backend {
    fn wait(&self) {
        let _ = self.gate.lock().unwrap().recv_timeout(LIMIT);
    }
}

impl SecondFactor for Backend {
    type Kept = Vec<u8>;

    fn has_second_factor(&self, username: &[u8]) -> bool {
        !matches!(username, b"without" | b"outdated")
    }

    fn check(&self, login: &Credentials, _: &Stop) -> Result<Option<Vec<u8>>> {
        log::info!("checks");
        match login.username() {
            b"slow" => self.wait(),
            b"panics" => panic!("in check"),
            b"fails" => return Err("the backend is down".into()),
            b"single" => return Ok(None),
            _ => {}
        }
        if !login.password_is(b"secret") {
            return Err(Rejection::because("wrong password").into());
        }
        Ok((login.username() != b"without").then(|| b"123456".to_vec()))
    }

    fn judge(&self, answered: &Answered<Vec<u8>>, _: &Stop) -> Result<()> {
        match answered.username() {
            b"late" => self.wait(),
            b"breaks" => panic!("in judge"),
            _ => {}
        }
        if answered.is(answered.value()) { Ok(()) } else { Err(Rejection::because("wrong code").into()) }
    }
}

struct Sample {
    challenges: Challenges<Vec<u8>>,
    backend: Arc<Backend>,
    pool: Pool,
}

thread_local! {
    static GATE: std::cell::RefCell<Option<Receiver<()>>> = const { std::cell::RefCell::new(None) };
}

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let mut challenges = Challenges::new(Duration::from_secs(60)).most(2);
        if args.text_args()?.contains(&"by-rejection") {
            challenges = challenges.by_rejection();
        }
        let gate = Mutex::new(GATE.take().ok_or("no test")?);
        Ok(Self { challenges, backend: Arc::new(Backend { gate }), pool: Pool::new("backend", 1, 0) })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        self.challenges.login_in(event, &self.pool, QUESTION, &self.backend)
    }

    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        self.challenges.response_in(event, &self.pool, &self.backend)
    }
}

fn open(word: &str) -> (Running<Sample>, Sender<()>) {
    let (go, gate) = channel();
    GATE.set(Some(gate));
    (Running::open(&CallData::new().arg(word)).unwrap(), go)
}

struct Attempt {
    files: LoginFiles,
    name: String,
    address: String,
    methods: String,
    password: String,
}

fn attempt(name: &str, address: &str, methods: &str, password: &str) -> Attempt {
    let [name, address, methods, password] = [name, address, methods, password].map(str::to_owned);
    Attempt { files: LoginFiles::new().unwrap(), name, address, methods, password }
}

impl Attempt {
    fn call(&self, name: &str) -> CallData {
        let call = self.files.call().env("username", name).env("untrusted_ip", &*self.address);
        call.env("IV_SSO", &*self.methods).env("password", &*self.password)
    }

    fn try_it(&self, plugin: &mut Running<Sample>) -> Outcome {
        plugin.call(LOGIN, &self.call(&self.name)).outcome
    }

    fn begin(&self, plugin: &mut Running<Sample>) {
        assert_eq!(self.try_it(plugin), Outcome::Deferred, "{:?}", plugin.log_lines());
    }

    fn is_asked_while_pending(&self) -> bool {
        let pending = self.files.pending();
        if pending.is_empty() {
            return false;
        }
        assert_eq!(Pending::parse(&pending).unwrap().question(), Some((QUESTION, true)));
        true
    }

    fn answer(&self, plugin: &mut Running<Sample>, code: &str) -> Outcome {
        self.answer_as(&self.name, plugin, code)
    }

    fn answer_as(&self, name: &str, plugin: &mut Running<Sample>, code: &str) -> Outcome {
        let call = self.call(name).env("crresponse", base64::encode(code.as_bytes()));
        plugin.call(EventSet::CLIENT_CRRESPONSE, &call).outcome
    }

    fn verdict(&self) -> (bool, String) {
        let verdict = self.files.wait_for_verdict(LIMIT).expect("a verdict");
        (verdict, self.files.reason())
    }
}

/// Logs in and is asked by a rejection. The password of the answer.
fn asked(plugin: &mut Running<Sample>, name: &str, code: &str) -> String {
    let attempt = attempt(name, "192.0.2.1", "", "secret");
    attempt.begin(plugin);
    assert!(!attempt.is_asked_while_pending());
    let (accepted, reason) = attempt.verdict();
    let question = Challenge::parse(&reason).unwrap().expect("a question");
    assert_eq!((accepted, question.question(), question.is_shown()), (false, QUESTION, true));
    free(plugin);
    String::from_utf8(question.password(code.as_bytes())).unwrap()
}

/// Waits until the one thread of the pool has nothing to do.
fn free(plugin: &Running<Sample>) {
    let end = std::time::Instant::now() + LIMIT;
    while plugin.plugin().pool.is_full() {
        assert!(std::time::Instant::now() < end, "the job does not end");
        std::thread::yield_now();
    }
}

fn wrong(reason: &str) -> (bool, String) {
    (false, reason.to_owned())
}

fn right() -> (bool, String) {
    (true, String::new())
}

#[test]
fn asked_while_pending() {
    let (mut plugin, _go) = open("");
    for (code, verdict) in [("123456", right()), ("654321", wrong("wrong code"))] {
        let joe = attempt("joe", "192.0.2.1", "crtext", "secret");
        joe.begin(&mut plugin);
        assert!(joe.is_asked_while_pending());
        free(&plugin);
        assert_eq!((plugin.plugin().challenges.open(), joe.files.verdict()), (1, None));
        assert_eq!(joe.answer(&mut plugin, code), Outcome::Success);
        assert_eq!(joe.verdict(), verdict);
        free(&plugin);
        assert_eq!(joe.answer(&mut plugin, code), Outcome::Error, "an answer counts once");
    }
    let joe = attempt("joe", "192.0.2.1", "crtext", "guess");
    joe.begin(&mut plugin);
    assert_eq!(joe.verdict(), wrong("wrong password"));
    assert_eq!(joe.answer(&mut plugin, "123456"), Outcome::Error);
}

#[test]
fn an_answer_waits_for_the_check_of_the_password() {
    let (mut plugin, go) = open("");
    for (password, code, verdict) in [
        ("secret", "123456", right()),
        ("secret", "654321", wrong("wrong code")),
        ("guess", "123456", wrong("wrong password")),
    ] {
        let slow = attempt("slow", "192.0.2.1", "crtext", password);
        slow.begin(&mut plugin);
        assert_eq!(slow.answer_as("joe", &mut plugin, "000000"), Outcome::Error, "it is another user's");
        assert_eq!(slow.answer(&mut plugin, code), Outcome::Success);
        assert_eq!(slow.answer(&mut plugin, "000000"), Outcome::Error, "there is an answer already");
        assert_eq!((slow.files.verdict(), plugin.plugin().challenges.open()), (None, 0));
        go.send(()).unwrap();
        assert_eq!(slow.verdict(), verdict);
        free(&plugin);
    }
}

#[test]
fn asked_by_a_rejection() {
    let (mut plugin, _go) = open("");
    for (code, verdict) in [("123456", right()), ("654321", wrong("wrong code"))] {
        let password = asked(&mut plugin, "joe", code);
        let again = attempt("joe", "192.0.2.1", "", &password);
        again.begin(&mut plugin);
        assert_eq!(again.verdict(), verdict);
        free(&plugin);
    }
    let (mut plugin, _go) = open("by-rejection");
    let joe = attempt("joe", "192.0.2.1", "crtext", "guess");
    joe.begin(&mut plugin);
    assert!(!joe.is_asked_while_pending());
    assert_eq!(joe.verdict(), wrong("wrong password"));
}

#[test]
fn answered_with_the_password() {
    let (mut plugin, _go) = open("");
    let encode = |text: &str| base64::encode(text.as_bytes());
    for (password, code, verdict) in [
        ("secret", "123456", right()),
        ("secret", "654321", wrong("wrong code")),
        ("guess", "123456", wrong("wrong password")),
    ] {
        let both = format!("SCRV1:{}:{}", encode(password), encode(code));
        let joe = attempt("joe", "192.0.2.1", "crtext", &both);
        joe.begin(&mut plugin);
        assert!(!joe.is_asked_while_pending());
        assert_eq!(joe.verdict(), verdict);
        free(&plugin);
    }
}

#[test]
fn no_second_factor_and_no_backend() {
    let (mut plugin, _go) = open("");
    for methods in ["", "crtext"] {
        for (name, verdict) in [("single", right()), ("fails", wrong(""))] {
            let login = attempt(name, "192.0.2.1", methods, "secret");
            login.begin(&mut plugin);
            assert_eq!(login.verdict(), verdict);
            free(&plugin);
        }
    }
    assert!(plugin.logged("fails/192.0.2.1 login rejected: the backend is down"));
    assert_eq!(plugin.plugin().challenges.open(), 0);
}

/// A client that can be asked at once is not asked in vain.
#[test]
fn who_has_no_second_factor_is_not_asked() {
    let (mut plugin, _go) = open("");
    for (name, password, verdict) in
        [("without", "secret", right()), ("without", "guess", wrong("wrong password"))]
    {
        let login = attempt(name, "192.0.2.1", "crtext", password);
        login.begin(&mut plugin);
        assert!(!login.is_asked_while_pending());
        assert_eq!(login.verdict(), verdict);
        free(&plugin);
        assert_eq!(login.answer(&mut plugin, "123456"), Outcome::Error, "nothing was asked");
    }
    // The backend knows better by then.
    let login = attempt("outdated", "192.0.2.1", "crtext", "secret");
    login.begin(&mut plugin);
    assert!(!login.is_asked_while_pending());
    let (accepted, reason) = login.verdict();
    let question = Challenge::parse(&reason).unwrap().expect("a question");
    assert_eq!((accepted, question.question()), (false, QUESTION));
    free(&plugin);
    let password = String::from_utf8(question.password(b"123456")).unwrap();
    let again = attempt("outdated", "192.0.2.1", "crtext", &password);
    again.begin(&mut plugin);
    assert_eq!(again.verdict(), right());
}

/// A question is no rejection, and what has a line already gets no second one.
#[test]
fn a_rejection_is_one_line_that_says_who_and_why() {
    let (mut plugin, _go) = open("");
    let password = asked(&mut plugin, "joe", "654321");
    assert!(!plugin.logged("login rejected"), "{:?}", plugin.log_lines());
    for (name, password) in [("joe", password.as_str()), ("ann", "guess")] {
        let login = attempt(name, "192.0.2.1", "", password);
        login.begin(&mut plugin);
        assert!(!login.verdict().0);
        free(&plugin);
    }
    let lines = plugin.close();
    let rejections: Vec<_> =
        lines.iter().filter(|line| line.text.contains("rejected")).map(|line| line.text.as_str()).collect();
    let line = "192.0.2.1 login rejected, with the reason: wrong";
    assert_eq!(rejections, [format!("joe/{line} code"), format!("ann/{line} password")]);
    assert!(!lines.iter().any(|line| line.text.contains("guess") || line.text.contains("654321")));
}

/// Two questions may be open.
#[test]
fn guesses_take_nobodys_room() {
    let (mut plugin, _go) = open("");
    let password = asked(&mut plugin, "joe", "123456");
    let pending = attempt("ann", "192.0.2.1", "crtext", "secret");
    pending.begin(&mut plugin);
    free(&plugin);
    for number in 0..20 {
        let name = if number % 2 == 0 { "joe" } else { "ann" };
        for methods in ["", "crtext"] {
            let guess = attempt(name, &format!("198.51.100.{number}"), methods, "guess");
            guess.begin(&mut plugin);
            assert_eq!(guess.verdict(), wrong("wrong password"));
            free(&plugin);
        }
    }
    assert_eq!(plugin.plugin().challenges.open(), 2);
    assert_eq!(pending.answer(&mut plugin, "123456"), Outcome::Success);
    assert_eq!(pending.verdict(), right());
    free(&plugin);
    let again = attempt("joe", "192.0.2.1", "", &password);
    again.begin(&mut plugin);
    assert_eq!(again.verdict(), right());
}

#[test]
fn who_finds_no_room_comes_again() {
    let (mut plugin, go) = open("");
    let password = asked(&mut plugin, "joe", "123456");
    let pending = attempt("ann", "192.0.2.1", "crtext", "secret");
    pending.begin(&mut plugin);
    free(&plugin);
    let slow = attempt("slow", "192.0.2.1", "", "secret");
    slow.begin(&mut plugin);
    for (methods, password) in [("", "secret"), ("crtext", "secret"), ("", &password)] {
        let joe = attempt("joe", "192.0.2.1", methods, password);
        assert_eq!(joe.try_it(&mut plugin), Outcome::Error);
        assert_eq!((joe.files.reason().as_str(), joe.files.verdict()), ("the server is busy", None));
        assert_eq!(joe.answer(&mut plugin, "123456"), Outcome::Error);
    }
    assert_eq!(pending.answer(&mut plugin, "123456"), Outcome::Success);
    assert_eq!(pending.verdict(), wrong("the server is busy"));
    go.send(()).unwrap();
    slow.verdict();
    let lines = plugin.close();
    let full = lines.iter().filter(|line| line.text.contains("refused: the job cannot be started")).count();
    assert_eq!(full, 4, "{lines:?}");
    assert!(!lines.iter().any(|line| line.text.contains("undecided")), "{lines:?}");
}

#[test]
fn panics_name_the_client() {
    let (mut plugin, _go) = open("");
    for methods in ["", "crtext"] {
        let login = attempt("panics", "192.0.2.1", methods, "secret");
        login.begin(&mut plugin);
        assert_eq!(login.verdict(), wrong(""));
        free(&plugin);
        assert_eq!(login.answer(&mut plugin, "123456"), Outcome::Error, "it is not kept");
    }
    let pending = attempt("breaks", "192.0.2.1", "crtext", "secret");
    pending.begin(&mut plugin);
    free(&plugin);
    assert_eq!(pending.answer(&mut plugin, "123456"), Outcome::Success);
    assert_eq!(pending.verdict(), wrong(""));
    free(&plugin);
    let lines: Vec<String> = plugin.close().into_iter().map(|line| line.text).collect();
    let of = |start: &str, end: &str| {
        lines.iter().filter(|line| line.starts_with(start) && line.ends_with(end)).count()
    };
    assert_eq!(of("panics/192.0.2.1 panic in the job 'login' at ", ": in check"), 2, "{lines:?}");
    assert_eq!(of("breaks/192.0.2.1 panic in the job 'login' at ", ": in judge"), 1, "{lines:?}");
    assert_eq!(of("panics/192.0.2.1 checks", ""), 2, "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("undecided")), "{lines:?}");
}
