//! Logins that are checked in threads where OpenVPN may have few files open: each that waits for an answer has two.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use ovpn_plugin::testing::{CallData, Login, Running, Session};
use ovpn_plugin::{
    Answered, AuthReply, AuthUserPassVerify, Challenges, ClientCrResponse, ClientCrResponseReply,
    Credentials, OpenArgs, Plugin, Pool, Rejection, Result, SecondFactor, Stop,
};

/// Three quarters of them are enough for 24 logins.
const FILES: u64 = 64;
const LOGINS: usize = 24;
const LIMIT: Duration = Duration::from_secs(20);

struct Backend;

impl SecondFactor for Backend {
    type Kept = ();

    fn check(&self, login: &Credentials, _: &Stop) -> Result<Option<()>> {
        if login.password_is(b"secret") { Ok(Some(())) } else { Err(Rejection::because("wrong").into()) }
    }

    fn judge(&self, answered: &Answered, _: &Stop) -> Result<()> {
        if answered.is(b"123456") { Ok(()) } else { Err(Rejection::because("wrong code").into()) }
    }
}

struct Sample {
    challenges: Challenges,
    backend: Arc<Backend>,
    pool: Pool,
}

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let seconds = args.named_args(&["seconds"])?.parse("seconds")?.unwrap_or(60);
        let challenges = Challenges::new(Duration::from_secs(seconds));
        Ok(Self { challenges, backend: Arc::new(Backend), pool: Pool::new("backend", 1, LOGINS) })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        self.challenges.login_in(event, &self.pool, "Code:", &self.backend)
    }

    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        self.challenges.response_in(event, &self.pool, &self.backend)
    }
}

fn open(seconds: u64) -> Running<Sample> {
    Running::open(&CallData::new().arg(format!("seconds={seconds}"))).unwrap()
}

/// Knows the password, is asked, and never answers.
fn ask(plugin: &mut Running<Sample>, name: &str, address: &str, methods: &str) -> Session<Sample> {
    let mut session = Session::new(plugin).env("IV_SSO", methods).env("untrusted_ip", address);
    let asked = session.log_in(plugin, name, "secret");
    assert!(matches!(asked, Login::Asked(_)), "{name}: {asked:?}");
    session
}

/// As many as there are files for, all of whom have the right password.
fn fill(plugin: &mut Running<Sample>, address: impl Fn(usize) -> String) -> Vec<Session<Sample>> {
    let all =
        (0..LOGINS).map(|number| ask(plugin, &format!("eve{number}"), &address(number), "crtext")).collect();
    let end = Instant::now() + LIMIT;
    // The pool has checked each password.
    while plugin.plugin().challenges.open() < LOGINS {
        assert!(Instant::now() < end, "{} are asked", plugin.plugin().challenges.open());
        std::thread::yield_now();
    }
    all
}

/// Others are asked, and their answers are judged, whichever way they are asked.
fn others_log_in(plugin: &mut Running<Sample>) {
    for (address, methods) in [("192.0.2.101", "crtext"), ("192.0.2.102", "")] {
        let mut joe = ask(plugin, "joe", address, methods);
        assert_eq!(joe.answer(plugin, "123456"), Login::Accepted, "{methods}");
    }
}

#[test]
fn neither_one_source_nor_questions_whose_time_is_over_keep_all_files() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, FILES, hard).unwrap();

    // Somebody who knows one password and many names for it.
    let mut plugin = open(60);
    let eve = fill(&mut plugin, |_| "192.0.2.1".to_owned());
    others_log_in(&mut plugin);
    drop((eve, plugin));

    // Many who were asked, each from somewhere else, and have gone away.
    let mut plugin = open(1);
    let gone = fill(&mut plugin, |number| format!("192.0.2.{number}"));
    let end = Instant::now() + LIMIT;
    loop {
        let mut joe = Session::new(&mut plugin).env("IV_SSO", "crtext").env("untrusted_ip", "192.0.2.101");
        if matches!(joe.log_in(&mut plugin, "joe", "secret"), Login::Asked(_)) {
            break;
        }
        assert!(Instant::now() < end, "nobody gets in any more");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(gone);
}
