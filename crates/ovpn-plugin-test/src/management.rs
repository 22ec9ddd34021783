//! The client's management interface, as far as somebody needs it who types a password and, when asked, a
//! one-time code.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::JoinHandle;

pub use ovpn_plugin::base64::encode as base64;

use crate::question::{Question, QuestionKind};

/// How the client asks for a login.
pub(crate) const NEED: &str = ">PASSWORD:Need 'Auth'";

/// Password and response of a static challenge, as they go to the server.
pub(crate) fn with_response(password: &str, response: &str) -> String {
    format!("SCRV1:{}:{}", base64(password.as_bytes()), base64(response.as_bytes()))
}

/// A thread that answers the client's question for a login; ends with the client.
#[derive(Debug)]
pub struct Management {
    stream: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Management {
    /// Connects to the client's management socket and answers what is asked there.
    pub fn answering(socket: &Path, user: &str, password: &str, response: &str) -> Self {
        let stream =
            UnixStream::connect(socket).unwrap_or_else(|error| panic!("{}: {error}", socket.display()));
        let both = stream.try_clone().unwrap_or_else(|error| panic!("dup: {error}"));
        let challenged = with_response(password, response);
        let [user, password, response] = [user, password, response].map(str::to_string);
        let answer =
            move |password: &str| format!("username \"Auth\" \"{user}\"\npassword \"Auth\" \"{password}\"\n");
        let thread = std::thread::spawn(move || {
            let mut writer = &both;
            let mut state = None;
            for line in BufReader::new(&both).lines() {
                let Ok(line) = line else { return };
                let asked = Question::parse(&line);
                let is_static = asked.as_ref().is_some_and(|question| question.kind == QuestionKind::Static);
                if let Some(Question { kind: QuestionKind::Dynamic, id, .. }) = asked {
                    state = Some(id);
                }
                if !line.starts_with(NEED) {
                    continue;
                }
                let text = match state.take() {
                    Some(id) => answer(&format!("CRV1::{id}::{response}")),
                    None if is_static => answer(&challenged),
                    None => answer(&password),
                };
                if writer.write_all(text.as_bytes()).is_err() {
                    return;
                }
            }
        });
        Self { stream, thread: Some(thread) }
    }
}

impl Drop for Management {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
