//! What PAM modules say and ask during one transaction. Notes and questions go to the supervisor as they happen.

use lines::{questions, refusals};
use pam::{Conversation, ConversationError};
use secret::Secret;

use super::answers::Answers;
use super::expired::Choosing;
use super::messages::{Messages, without_secrets};
use super::prompts::{Asked, ClientInput, PromptAnswer, Prompts, Turn, Visibility};
use super::reports::{Reports, cut};
use crate::protocol::question::{self, MAX_QUESTION, MAX_QUESTIONS};
use crate::protocol::{Credentials, WorkerNews};
use crate::quoted::escaped;

/// The most notes of one transaction; a module that chatters must not fill the log.
pub const MAX_NOTES: usize = 32;

/// The conversation of one transaction.
pub struct PamConversation<'a> {
    /// How prompts are answered.
    pub prompts: &'a Prompts,
    /// A prompt without an answer is a question.
    pub challenge: bool,
    /// OpenVPN passes questions on.
    pub can_ask: bool,
    /// Addresses of web pages are questions, in prompts and in messages.
    pub open_urls: bool,
    /// Name as the client sent it.
    pub username: &'a [u8],
    /// Common name of the client's certificate.
    pub common_name: &'a [u8],
    /// The rest of what prompts are answered with.
    pub credentials: Credentials,
    /// How far the prompts have come.
    pub turn: Turn,
    /// Say more.
    pub debug: bool,
    /// Where notes go.
    pub reports: Reports<'a>,
    /// How many went there.
    pub notes: usize,
    /// What modules have said to the person at the client; worth a word when the login fails.
    pub said: Messages,
    /// What was typed when asked, where nobody should see it.
    pub typed: Vec<Secret>,
    /// The last error a module wanted the user to read; worth a line when a session fails.
    pub complaint: Option<String>,
    /// Answers to prompts with visible input: with pairs, the user's name is one of them. Not what somebody has typed when
    /// asked: whom PAM checks is not for the person at the client to say.
    pub names: Vec<Secret>,
    /// What PAM got for its prompts.
    pub answers: Answers,
    /// What modules have said since the last question.
    pub messages: Vec<Vec<u8>>,
    /// A new password is being chosen.
    pub choosing: Option<Choosing>,
    /// How many questions there were.
    pub questions: usize,
    /// The page that the person has opened last.
    pub page: Option<String>,
    /// Nobody will answer any more: the transaction is to end.
    pub given_up: bool,
    /// There is nothing to answer with, and nobody to be asked or told: the client is let in, or has sent no password.
    pub nobody_in: Option<&'static str>,
}

impl PamConversation<'_> {
    /// Sends a note.
    pub fn note(&mut self, text: impl FnOnce() -> String) {
        if self.notes < MAX_NOTES {
            self.notes += 1;
            self.reports.send(WorkerNews::Note(cut(&text())));
        }
    }

    /// Whether the name is the one that the configuration has PAM check: without pairs the client's username, with pairs
    /// what they answer when the stack asks for it.
    pub fn was_asked_for(&self, name: &[u8]) -> bool {
        if self.prompts.name_user_at_start() {
            name == self.username
        } else {
            self.names.iter().any(|answer| answer.expose() == name)
        }
    }

    /// The login is over and kept for a session: what it was made with is wiped.
    pub fn enter_session(&mut self) {
        self.credentials = Credentials { password: Secret::copy_of(b""), response: None };
        (self.names, self.messages) = (Vec::new(), Vec::new());
        (self.choosing, self.complaint) = (None, None);
        (self.said, self.typed) = (Messages::default(), Vec::new());
        self.answers = Answers::default();
        self.notes = 0;
        self.nobody_in = Some("a session");
    }

    fn answer(&mut self, visibility: Visibility, prompt: &[u8]) -> Result<Secret, ConversationError> {
        if self.given_up {
            return Err(ConversationError);
        }
        if let Some(phase) = self.nobody_in {
            self.note(|| refusals::no_answer_in_phase(&escaped(prompt), phase).to_string());
            return Err(ConversationError);
        }
        // Borrows nothing but its parts.
        let input = ClientInput {
            username: self.username,
            common_name: self.common_name,
            credentials: &self.credentials,
        };
        let (holds_page, is_done) = (self.new_page(prompt).is_some(), self.has_opened(prompt));
        if self.prompts.name_user_at_start() && (holds_page || is_done) {
            // Else it might get the password.
            return if is_done {
                Ok(Secret::copy_of(b""))
            } else {
                self.ask(visibility, prompt, Asked::ALONE)
            };
        }
        let ask = self.can_ask && (self.challenge || holds_page || is_done);
        let answer = match &self.choosing {
            None => self.prompts.answer(ask, &mut self.turn, visibility, prompt, &input),
            Some(_) => self.prompts.answer_new_password(visibility, prompt, &input),
        };
        match answer {
            Ok(PromptAnswer::Asked(_)) if is_done => Ok(Secret::copy_of(b"")),
            Ok(PromptAnswer::Asked(asked)) => self.ask(visibility, prompt, asked),
            Ok(PromptAnswer::Given(answer)) => {
                if visibility == Visibility::Shown && self.names.len() < MAX_NOTES {
                    self.names.push(Secret::copy_of(answer.expose()));
                }
                self.answers.given(visibility, answer.expose(), &input);
                if self.debug {
                    self.note(|| refusals::answered(&escaped(prompt), visibility).to_string());
                }
                Ok(answer)
            }
            Err(why) => {
                self.answers.missing(&why);
                self.note(|| refusals::no_answer(&escaped(prompt), why).to_string());
                Err(ConversationError)
            }
        }
    }

    /// Asks the person at the client.
    fn ask(
        &mut self,
        visibility: Visibility,
        prompt: &[u8],
        asked: Asked<'_>,
    ) -> Result<Secret, ConversationError> {
        if !self.can_ask {
            self.answers.cannot_ask();
            self.note(|| questions::prompt_cannot_be_asked(&escaped(prompt)).to_string());
            return Err(ConversationError);
        }
        let Some(room) = question::room(self.username) else {
            self.note(|| questions::username_too_long(&escaped(prompt)).to_string());
            return Err(ConversationError);
        };
        if self.questions == MAX_QUESTIONS {
            self.note(|| questions::too_many_questions(MAX_QUESTIONS).to_string());
            return Err(ConversationError);
        }
        if self.debug {
            self.note(|| refusals::asked(&escaped(prompt), visibility).to_string());
        }
        self.questions += 1;
        let text = question::text(&std::mem::take(&mut self.messages), prompt, room);
        // An address that was cut, or stands in an earlier message, is none to be opened.
        let page = self.new_page(prompt).filter(|page| question::address(text.as_bytes()) == Some(page));
        let typed = self.reports.ask(WorkerNews::Question {
            echo: visibility == Visibility::Shown,
            page: page.is_some(),
            private: self.choosing.is_some(),
            text: text.into_bytes(),
        });
        self.given_up = typed.is_none();
        if page.is_some() {
            self.page = page;
        }
        let typed = typed.ok_or(ConversationError)?;
        if let Some(too_long) = self.choosing.as_mut().and_then(|choosing| choosing.typed(&typed)) {
            self.keep(too_long.as_bytes());
            return self.ask(visibility, prompt, asked);
        }
        let input = ClientInput {
            username: self.username,
            common_name: self.common_name,
            credentials: &self.credentials,
        };
        let answer = asked.fill_in(&input, typed);
        self.answers.typed(visibility, &answer);
        if visibility == Visibility::Hidden {
            self.typed.push(Secret::copy_of(answer.expose()));
        }
        Ok(answer)
    }

    /// The address of a page in the text, if the person has not opened that already.
    fn new_page(&self, text: &[u8]) -> Option<String> {
        let may = self.open_urls && self.can_ask && self.choosing.is_none();
        let address = question::address(text).filter(|_| may)?;
        (self.page.as_deref() != Some(address)).then(|| address.to_string())
    }

    /// Whether the prompt only wants to know that the person is done with a page.
    fn has_opened(&self, prompt: &[u8]) -> bool {
        self.page.is_some()
            && self.choosing.is_none()
            && self.new_page(prompt).is_none()
            && question::wants_enter(prompt)
    }

    /// What a module says is a question if it holds the address of a page: the module goes on when the person is there.
    fn say(&mut self, text: &[u8]) -> Result<(), ConversationError> {
        if self.given_up {
            return Err(ConversationError);
        }
        if self.nobody_in.is_some() {
            return Ok(());
        }
        if self.new_page(text).is_some() {
            return self.ask(Visibility::Shown, text, Asked::ALONE).map(drop);
        }
        self.keep(text);
        Ok(())
    }

    /// What a module says, without what was typed: it may be for the log.
    fn loggable<'b>(&self, text: &'b [u8]) -> &'b [u8] {
        let Credentials { password, response } = &self.credentials;
        without_secrets(text, [password].into_iter().chain(response).chain(&self.typed))
    }

    /// Keeps what a module says for the next question, as long as that has room for it.
    pub fn keep(&mut self, text: &[u8]) {
        let kept: usize = self.messages.iter().map(Vec::len).sum();
        if kept < MAX_QUESTION && !text.is_empty() {
            self.messages.push(text[..text.len().min(MAX_QUESTION)].to_vec());
        }
    }
}

impl Conversation for PamConversation<'_> {
    fn prompt_hidden(&mut self, prompt: &[u8]) -> Result<Secret, ConversationError> {
        self.answer(Visibility::Hidden, prompt)
    }

    fn prompt_echoed(&mut self, prompt: &[u8]) -> Result<Secret, ConversationError> {
        self.answer(Visibility::Shown, prompt)
    }

    fn text_info(&mut self, text: &[u8]) -> Result<(), ConversationError> {
        let loggable = self.loggable(text);
        self.said.add(loggable);
        if self.debug {
            self.note(|| refusals::module_message(&escaped(loggable)).to_string());
        }
        self.say(text)
    }

    fn error_message(&mut self, text: &[u8]) -> Result<(), ConversationError> {
        let loggable = self.loggable(text);
        self.said.add(loggable);
        if self.nobody_in.is_some() {
            self.complaint = Some(refusals::module_error(&escaped(loggable)).to_string());
        }
        self.say(text)
    }
}
