//! A person at a real client: logs in, is asked, and answers as the test says, through the client's management
//! interface.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::client::{Client, ClientConfig, Outcome};
use crate::log::{Log, Mark};
use crate::management::{NEED, base64, with_response};
use crate::question::{Question, QuestionKind};
use crate::quoting::{openvpn_word, path};
use crate::scratch::Scratch;
use crate::server::Server;
use crate::{PATIENCE, question};

/// Somebody who is about to log in.
#[derive(Debug)]
pub struct PersonConfig<'a> {
    client: ClientConfig<'a>,
    user: String,
    passwords: Vec<String>,
    answers: Vec<String>,
}

/// Somebody whose client runs; on drop it is stopped.
#[derive(Debug)]
pub struct Person {
    client: Client,
    management: Arc<ManagementSide>,
    thread: Option<JoinHandle<()>>,
    _scratch: Scratch,
}

impl<'a> PersonConfig<'a> {
    pub(crate) fn new(server: &'a Server, user: &str, password: &str) -> Self {
        let client = ClientConfig::new(server, user, password)
            .line("auth-retry interact")
            // Each dynamic challenge is a connection of its own. Clients pause before the next: 2.7 for two seconds by default.
            .line("connect-retry-max 100")
            .line("connect-retry 0 1")
            .line("auth-user-pass");
        Self { client, user: user.to_string(), passwords: vec![password.to_string()], answers: Vec::new() }
    }

    /// Answers the questions with these texts, one after the other, and no more than these.
    #[must_use]
    pub fn answers(mut self, texts: &[&str]) -> Self {
        self.answers.extend(texts.iter().copied().map(String::from));
        self
    }

    /// Has the client announce that it can do this while a login is pending: `crtext`, `webauth`, `openurl`.
    #[must_use]
    pub fn announcing(self, methods: &str) -> Self {
        self.line(&format!("setenv IV_SSO {methods}"))
    }

    /// Has the client ask its user for this together with the password, as `static-challenge` in its configuration does. What is
    /// typed may be seen.
    #[must_use]
    pub fn static_challenge(self, text: &str) -> Self {
        self.line(&format!("static-challenge {} 1", openvpn_word(text)))
    }

    /// With a real tunnel, in a network namespace of the client's own.
    #[must_use]
    pub fn with_tunnel(mut self) -> Self {
        self.client = self.client.with_tunnel();
        self
    }

    /// Without a certificate of its own.
    #[must_use]
    pub fn without_certificate(mut self) -> Self {
        self.client = self.client.without_certificate();
        self
    }

    /// Adds a line to the client's configuration.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.client = self.client.line(line);
        self
    }

    /// Starts the client without waiting for anything.
    pub fn start(self) -> Person {
        let scratch = Scratch::new();
        let socket = scratch.join("management");
        let line = format!("management {} unix", path(&socket));
        let client = self.client.line(&line).line("management-query-passwords").start();
        client.wait_listening();
        let stream =
            UnixStream::connect(&socket).unwrap_or_else(|error| panic!("{}: {error}", socket.display()));
        let lines = stream.try_clone().unwrap_or_else(|error| panic!("dup: {error}"));
        let state =
            State { passwords: self.passwords.into(), answers: self.answers.into(), ..State::default() };
        let management = Arc::new(ManagementSide {
            stream,
            user: self.user,
            said: Log::default(),
            state: Mutex::new(state),
        });
        let reader = Arc::clone(&management);
        let thread = Some(std::thread::spawn(move || reader.serve(&lines)));
        Person { client, management, thread, _scratch: scratch }
    }
}

impl Person {
    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What the client said on its management interface.
    pub fn heard(&self) -> &Log {
        &self.management.said
    }

    /// Waits for the question with this number, the first being 0; panics if it is not asked.
    pub fn question(&self, number: usize) -> Question {
        let seen = Cell::new(0);
        let wanted = |line: &str| Question::parse(line).is_some() && seen.replace(seen.get() + 1) == number;
        let found = self.management.said.wait_match(Mark::START, Instant::now() + PATIENCE, wanted);
        found
            .and_then(|line| Question::parse(&line.text))
            .unwrap_or_else(|| panic!("there is no question {number}:\n{}", self.text()))
    }

    /// All questions so far.
    pub fn asked(&self) -> Vec<Question> {
        self.management
            .said
            .since(Mark::START)
            .iter()
            .filter_map(|line| Question::parse(&line.text))
            .collect()
    }

    /// Answers the question that is open, or the next one.
    pub fn answer(&self, text: &str) {
        let mut state = self.management.state();
        state.answers.push_back(text.to_string());
        self.management.speak(&mut state);
    }

    /// Types this password when the client asks for a login the next time.
    pub fn give_password(&self, password: &str) {
        let mut state = self.management.state();
        state.passwords.push_back(password.to_string());
        self.management.speak(&mut state);
    }

    /// Says this on the management interface, as no person does.
    pub fn say(&self, line: &str) {
        self.management.write(&format!("{line}\n"));
    }

    /// What became of the login, questions not counted, within `limit`.
    pub fn outcome(&self, limit: Duration) -> Outcome {
        self.client.outcome_where(limit, |line| !line.contains(question::REJECTION))
    }

    /// Waits until the client is connected; panics if it is not.
    pub fn connects(&self) -> Duration {
        match self.outcome(PATIENCE) {
            Outcome::Connected(after) => after,
            other => panic!("this client should have connected ({other:?}):\n{}", self.text()),
        }
    }

    /// Waits until the login is refused for good, and returns the reason; panics if it is not.
    pub fn refused(&self) -> String {
        match self.outcome(PATIENCE) {
            Outcome::Refused { reason, .. } => reason,
            other => panic!("this client should have been refused ({other:?}):\n{}", self.text()),
        }
    }

    fn text(&self) -> String {
        format!("{}--- management ---\n{}", self.client.log().text(), self.management.said.text())
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.management.stream.shutdown(std::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if std::thread::panicking() {
            eprintln!("--- management of a client ---\n{}", self.management.said.text());
        }
    }
}

/// The person's side of the management interface.
#[derive(Debug)]
struct ManagementSide {
    stream: UnixStream,
    user: String,
    said: Log,
    state: Mutex<State>,
}

/// What the client waits for, and what there is to say.
#[derive(Debug, Default)]
struct State {
    passwords: VecDeque<String>,
    answers: VecDeque<String>,
    /// State id of the challenge the last login was rejected with.
    id: Option<String>,
    needs_login: bool,
    /// It needs an answer with the login.
    is_static: bool,
    needs_answer: bool,
}

impl ManagementSide {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what the client says, until it ends.
    fn serve(&self, lines: &UnixStream) {
        for line in BufReader::new(lines).split(b'\n') {
            let Ok(line) = line else { return };
            let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_string();
            let mut state = self.state();
            match Question::parse(&line) {
                Some(Question { kind: QuestionKind::Dynamic, id, .. }) => state.id = Some(id),
                Some(Question { kind: QuestionKind::Pending, .. }) => state.needs_answer = true,
                asked if line.starts_with(NEED) => {
                    state.needs_login = true;
                    state.is_static = asked.is_some_and(|question| question.kind == QuestionKind::Static);
                }
                _ => {}
            }
            self.speak(&mut state);
            // Last, so that a test that waits for a question finds it open.
            drop(state);
            self.said.push(line);
        }
    }

    /// Says what there is to say.
    fn speak(&self, state: &mut State) {
        if state.needs_answer {
            if let Some(answer) = state.answers.pop_front() {
                state.needs_answer = false;
                self.write(&format!("cr-response {}\n", base64(answer.as_bytes())));
            }
        }
        if state.needs_login {
            let password = match &state.id {
                Some(id) => state.answers.pop_front().map(|answer| format!("CRV1::{id}::{answer}")),
                // Not without its password: that is another login's.
                None if state.is_static && (state.passwords.is_empty() || state.answers.is_empty()) => None,
                None if state.is_static => {
                    let response = state.answers.pop_front().unwrap_or_default();
                    state.passwords.pop_front().map(|password| with_response(&password, &response))
                }
                None => state.passwords.pop_front(),
            };
            if let Some(password) = password {
                (state.needs_login, state.id) = (false, None);
                let (user, password) = (openvpn_word(&self.user), openvpn_word(&password));
                self.write(&format!("username \"Auth\" {user}\npassword \"Auth\" {password}\n"));
            }
        }
    }

    fn write(&self, text: &str) {
        // The client may have ended; the test sees that elsewhere.
        let _ = (&self.stream).write_all(text.as_bytes());
    }
}
