//! A person at a client: answers what the client asks through its management interface.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

use harness::client::Client;
use harness::log::Mark;
use harness::management::base64;
use harness::scratch::Scratch;
use harness::{PATIENCE, Server};

/// What the client needs to announce that it can ask while a login is pending.
const ANNOUNCES_CRTEXT: &str = "setenv IV_SSO crtext";

/// A client with somebody who answers; ends with it.
pub(crate) struct Answering {
    pub(crate) client: Client,
    stream: UnixStream,
    thread: Option<JoinHandle<()>>,
    _scratch: Scratch,
}

impl Answering {
    /// A client whose user knows the password and answers questions with `answer`.
    pub(crate) fn start(server: &Server, user: &str, password: &str, answer: &str) -> Self {
        let scratch = Scratch::new();
        let socket = scratch.join("management");
        let client = server
            .client(user, password)
            .line(ANNOUNCES_CRTEXT)
            .line("auth-retry interact")
            .line("connect-retry-max 3")
            .line("auth-user-pass")
            .line(&format!("management {} unix", socket.display()))
            .line("management-query-passwords")
            .start();
        client.log().wait_for(Mark::START, "MANAGEMENT: unix domain socket listening", PATIENCE);
        let stream = UnixStream::connect(&socket).unwrap_or_else(|e| panic!("{}: {e}", socket.display()));
        let both = stream.try_clone().unwrap_or_else(|e| panic!("dup: {e}"));
        let person = Person { user: user.into(), password: password.into(), answer: answer.into(), id: None };
        let thread = Some(std::thread::spawn(move || person.serve(&both)));
        Self { client, stream, thread, _scratch: scratch }
    }

    /// Waits for this line of the client's log.
    pub(crate) fn sees(&self, text: &str) {
        self.client.log().wait_for(Mark::START, text, PATIENCE);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Person {
    user: String,
    password: String,
    answer: String,
    /// State id of the challenge the last login was rejected with.
    id: Option<String>,
}

impl Person {
    /// Reads what the client says, until it ends.
    fn serve(mut self, stream: &UnixStream) {
        let mut writer = stream;
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            if let Some(text) = self.reply_to(&line) {
                if writer.write_all(text.as_bytes()).is_err() {
                    return;
                }
            }
        }
    }

    fn reply_to(&mut self, line: &str) -> Option<String> {
        if let Some((_, challenge)) = line.split_once("['CRV1:") {
            self.id = challenge.split(':').nth(1).map(str::to_owned);
            return None;
        }
        if line.starts_with(">INFOMSG:CR_TEXT:") {
            return Some(format!("cr-response {}\n", base64(self.answer.as_bytes())));
        }
        if line.starts_with(">PASSWORD:Need 'Auth'") {
            let password = match self.id.take() {
                Some(id) => format!("CRV1::{id}::{}", self.answer),
                None => self.password.clone(),
            };
            return Some(format!("username \"Auth\" \"{}\"\npassword \"Auth\" \"{password}\"\n", self.user));
        }
        None
    }
}
