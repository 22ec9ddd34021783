//! What PAM modules say and ask during one transaction. Notes go to the supervisor as they happen.

use std::time::Duration;

use nix::unistd::Pid;
use pam::{Conversation, ConversationError};
use privsep::Channel;
use secret::Secret;

use super::prompts::{Login, Prompts, Turn, Visibility};
use super::said::Said;
use crate::protocol::{MAX_TEXT, News, Order, Report};
use crate::quoted::escaped;

/// The most notes of one transaction; a module that chatters must not fill the log.
pub const MAX_NOTES: usize = 32;
/// How long the supervisor may take to pick a report up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The worker's end of its channel, during one transaction.
pub struct Reports<'a> {
    /// The channel.
    pub channel: &'a mut Channel<Report, Order>,
    /// The number of the transaction.
    pub nonce: u64,
    /// The worker itself: a child that a module has forked must not speak for it.
    pub worker: Pid,
}

impl Reports<'_> {
    /// Sends a report; whether that worked.
    pub fn send(&mut self, news: News) -> bool {
        nix::unistd::getpid() == self.worker
            && self.channel.send(&Report { nonce: self.nonce, news }, &[], PATIENCE).is_ok()
    }
}

/// The conversation of one transaction.
pub struct Answering<'a> {
    /// How prompts are answered.
    pub prompts: &'a Prompts,
    /// What they are answered with.
    pub login: &'a Login<'a>,
    /// How far the prompts have come.
    pub turn: Turn,
    /// Say more.
    pub debug: bool,
    /// Where notes go.
    pub reports: Reports<'a>,
    /// How many went there.
    pub notes: usize,
    /// What modules have said to the person at the client; `None`: that does not want to be known.
    pub said: Option<Said>,
    /// The last error a module wanted the user to read; worth a line when the login fails.
    pub complaint: Option<String>,
    /// Answers to prompts with visible input: with pairs, the user's name is one of them.
    pub names: Vec<Secret>,
}

impl Answering<'_> {
    /// Sends a note.
    pub fn note(&mut self, text: impl FnOnce() -> String) {
        if self.notes < MAX_NOTES {
            self.notes += 1;
            self.reports.send(News::Note(cut(&text())));
        }
    }

    /// Whether the name is the one that the configuration has PAM check: without pairs the client's username, with pairs
    /// what they answer when the stack asks for it.
    pub fn was_asked_for(&self, name: &[u8]) -> bool {
        if self.prompts.name_user_at_start() {
            name == self.login.username
        } else {
            self.names.iter().any(|answer| answer.expose() == name)
        }
    }

    fn answer(&mut self, visibility: Visibility, prompt: &[u8]) -> Result<Secret, ConversationError> {
        match self.prompts.answer(&mut self.turn, visibility, prompt, self.login) {
            Ok(answer) => {
                if visibility == Visibility::Shown && self.names.len() < MAX_NOTES {
                    self.names.push(Secret::copy_of(answer.expose()));
                }
                if self.debug {
                    self.note(|| format!("prompt '{}' ({visibility:?} input) answered", escaped(prompt)));
                }
                Ok(answer)
            }
            Err(why) => {
                self.note(|| format!("no answer to the prompt '{}': {why}", escaped(prompt)));
                Err(ConversationError)
            }
        }
    }
}

impl Conversation for Answering<'_> {
    fn prompt_hidden(&mut self, prompt: &[u8]) -> Result<Secret, ConversationError> {
        self.answer(Visibility::Hidden, prompt)
    }

    fn prompt_echoed(&mut self, prompt: &[u8]) -> Result<Secret, ConversationError> {
        self.answer(Visibility::Shown, prompt)
    }

    fn text_info(&mut self, text: &[u8]) -> Result<(), ConversationError> {
        self.said.iter_mut().for_each(|said| said.add(text));
        if self.debug {
            self.note(|| format!("message of a PAM module: '{}'", escaped(text)));
        }
        Ok(())
    }

    fn error_message(&mut self, text: &[u8]) -> Result<(), ConversationError> {
        self.said.iter_mut().for_each(|said| said.add(text));
        self.complaint = Some(format!("error message of a PAM module: '{}'", escaped(text)));
        Ok(())
    }
}

/// The text, as long as a report may be.
pub fn cut(text: &str) -> Vec<u8> {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.as_bytes()[..end].to_vec()
}
