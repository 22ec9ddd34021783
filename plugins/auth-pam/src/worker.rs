//! A worker: a process that runs PAM transactions, one at a time, and knows of nothing else. It holds no descriptor of
//! OpenVPN's or of the client's login, so a module that closes or writes to descriptors spoils only its own worker.

use std::convert::Infallible;
use std::ffi::CString;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use ovpn_plugin::escape;
use pam::{Anchor, Conversation, ConversationError, ReturnCode, Transaction};
use privsep::{Channel, confine, leash, leave};
use secret::Secret;

use crate::audit;
use crate::config::Config;
use crate::crew;
use crate::process_state::State;
use crate::prompts::{Prompts, Unanswered, Visibility};
use crate::protocol::{Job, Login, MAX_TEXT, News, Report};

/// The most notes of one transaction; a module that chatters must not fill the log.
const MAX_NOTES: usize = 32;
/// How long the supervisor may take to pick a report up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A worker that has had nothing to do for this long gives memory back.
const QUIET: Duration = Duration::from_secs(1);

/// Serves until the supervisor closes the channel.
pub fn run(
    config: &Config,
    debug: bool,
    mut channel: Channel<Report, Job>,
    leash: BorrowedFd<'_>,
) -> Infallible {
    let _leash = leash::tie(leash);
    // One handle more than needed keeps the modules mapped: without it every transaction would load them anew. When it
    // cannot be had (no such service yet, say), the transactions tell.
    let _anchor = Anchor::hold(&config.service, config.confdir.as_deref());
    let own = nix::unistd::getpid();
    let clean = State::now();
    loop {
        let mut received = channel.receive(Some(QUIET));
        if matches!(received, Ok(None)) {
            confine::release_memory();
            received = channel.receive(None);
        }
        let job = match received {
            Ok(Some(received)) => received.message,
            Ok(None) | Err(privsep::ChannelError::Closed) => leave(0),
            Err(_) => leave(1),
        };
        let reports = transact(config, debug, &job.login);
        // A child that a module has forked and that came back out of it is not this worker, and has nothing to say.
        if nix::unistd::getpid() != own {
            leave(1);
        }
        // What a module has printed is logged with the login, not when enough of it has come together.
        confine::flush_output();
        // What a module has changed must not meet the next login: that gets a new process. The supervisor is told with
        // the result, or it would hand the next login to a process that is on its way out.
        let leaving = State::now() != clean;
        for mut news in reports {
            if let News::Done { leaving: told, .. } = &mut news {
                *told = leaving;
            }
            if channel.send(&Report { nonce: job.nonce, news }, &[], PATIENCE).is_err() {
                leave(1);
            }
        }
        drop(job);
        confine::reset_usual_signals(crew::IGNORED_BY_WORKERS);
        // Modules that open and close the system log themselves leave it under the process's own name.
        audit::take_name();
        if leaving {
            leave(0);
        }
    }
}

/// One transaction: notes first, the result last.
fn transact(config: &Config, debug: bool, login: &Login) -> Vec<News> {
    let conversation =
        Answering { prompts: &config.prompts, login, debug, notes: Vec::new(), complaint: None };
    let (result, conversation) = check(config, conversation);
    let mut reports: Vec<News> =
        conversation.notes.iter().take(MAX_NOTES).map(|note| News::Note(cut(note))).collect();
    let (code, words) = match result {
        Ok(()) => (ReturnCode::SUCCESS, "Success".to_string()),
        Err(error) => {
            reports.extend(conversation.complaint.map(|complaint| News::Note(cut(&complaint))));
            (error.code, error.words)
        }
    };
    // A code below zero is none that PAM has: it must not be taken for success, and is not, being no zero.
    reports.push(News::Done { code: code.raw().unsigned_abs(), words: cut(&words), leaving: false });
    reports
}

fn check<'a>(config: &Config, conversation: Answering<'a>) -> (Result<(), pam::PamError>, Answering<'a>) {
    let login = conversation.login;
    let (Ok(user), Ok(address)) = (CString::new(&*login.username), CString::new(&*login.address)) else {
        let words = "a NUL byte in username or address".to_string();
        return (Err(pam::PamError { code: ReturnCode::SYSTEM_ERR, words }), conversation);
    };
    let user = config.prompts.name_user_at_start().then_some(user);
    let spare = Answering { notes: Vec::new(), complaint: None, ..conversation };
    let mut transaction =
        match Transaction::start(&config.service, user.as_deref(), config.confdir.as_deref(), conversation) {
            Ok(transaction) => transaction,
            Err(error) => return (Err(error.into()), spare),
        };
    let mut result = Ok(());
    if !address.is_empty() {
        result = transaction.set_rhost(&address);
    }
    result = result.and_then(|()| transaction.authenticate()).and_then(|()| transaction.acct_mgmt());
    let panicked = transaction.panicked();
    let mut conversation = transaction.end();
    if panicked {
        conversation.notes.push("internal error: the conversation panicked".into());
        result =
            result.and(Err(pam::PamError { code: ReturnCode::CONV_ERR, words: "Conversation error".into() }));
    }
    (result, conversation)
}

fn cut(text: &str) -> Vec<u8> {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.as_bytes()[..end].to_vec()
}

/// The conversation of one login.
struct Answering<'a> {
    prompts: &'a Prompts,
    login: &'a Login,
    debug: bool,
    notes: Vec<String>,
    /// The last error a module wanted the user to read; worth a line when the login fails.
    complaint: Option<String>,
}

impl Answering<'_> {
    fn note(&mut self, text: impl FnOnce() -> String) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(text());
        }
    }

    fn answer(&mut self, visibility: Visibility, prompt: &[u8]) -> Result<Secret, ConversationError> {
        let answer = self.prompts.answer(visibility, prompt, self.login);
        match &answer {
            Ok(_) if self.debug => {
                self.note(|| format!("prompt '{}' ({visibility:?} input) answered", escape(prompt)))
            }
            Ok(_) => {}
            Err(why @ (Unanswered::NoMatch | Unanswered::Empty(_))) => {
                self.note(|| format!("no answer to the prompt '{}': {why}", escape(prompt)));
            }
        }
        answer.map_err(|_| ConversationError)
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
        if self.debug {
            self.note(|| format!("message of a PAM module: '{}'", escape(text)));
        }
        Ok(())
    }

    fn error_message(&mut self, text: &[u8]) -> Result<(), ConversationError> {
        self.complaint = Some(format!("error message of a PAM module: '{}'", escape(text)));
        Ok(())
    }
}
