//! Whether and how a client can be asked, or sent to a web page, while its login is pending. That goes through OpenVPN's
//! pending file, which OpenVPN reads once, right after the deferred answer.

use std::time::Duration;

use ovpn_plugin::{AuthReply, AuthUserPassVerify, DeferError, Pending, PendingError};
use secret::Secret;

use super::attempts::{AttemptDetails, Attempts, without_credentials};
use crate::AuthPam;
use crate::protocol::question::{self, Question, QuestionId};
use crate::protocol::{AttemptRequest, CredentialsKind};
use crate::settings::Settings;

/// What clients call it to ask their person.
const QUESTION: &str = "crtext";
/// A page to be opened, while OpenVPN waits so long.
type Page = fn(Duration, &str) -> Result<Pending, PendingError>;
/// What they call it to open a page, the best one first.
const PAGE: [(&str, Page); 2] = [("webauth", Pending::web), ("openurl", Pending::url)];
/// Longest question in bytes: OpenVPN's client hands at most 255 to its management interface, its own words included.
pub const MAX_TEXT: usize = 230;
/// OpenVPN waits so much longer for the verdict than the person may take for the answer.
const FOR_PAM: Duration = Duration::from_secs(10);
/// The longest time that OpenVPN is asked to wait.
const LONGEST: Duration = Duration::from_secs(3600);

/// A client that can be asked while its login is pending.
pub struct PendingAuthentication {
    /// The attempt, without credentials.
    attempt: AttemptRequest,
    /// How long OpenVPN is to wait.
    time: Duration,
    /// It can be asked questions.
    asks: bool,
    /// How it can be sent to a page.
    opens: Option<Page>,
    /// What is asked before PAM does.
    in_advance: Option<String>,
}

/// What goes into the pending file.
pub struct PendingMessage {
    pending: Pending,
    /// The client gives no answer: PAM gets an empty one.
    is_page: bool,
}

impl PendingAuthentication {
    /// For this attempt, unless OpenVPN waits for its verdict itself, or its client cannot be asked so.
    pub fn of(settings: &Settings, event: &AuthUserPassVerify<'_>, attempt: &AttemptRequest) -> Option<Self> {
        // A question of an earlier attempt is forgotten with it.
        event.client::<AuthPam>()?.asked = None;
        let asks_nobody = matches!(attempt.credentials_kind, CredentialsKind::Passwordless { .. });
        let possible =
            settings.can_ask && !asks_nobody && attempt.deferred && event.auth_pending_file().is_some();
        let asks = event.client_supports(QUESTION);
        let opens = PAGE.into_iter().find(|(method, _)| event.client_supports(method));
        let opens = opens.filter(|_| settings.config.open_urls).map(|(_, page)| page);
        if !possible || !(asks || opens.is_some()) {
            return None;
        }
        let time = settings.config.challenge_timeout.saturating_add(FOR_PAM).min(LONGEST);
        let begins = attempt.credentials_kind == CredentialsKind::Password;
        let in_advance = settings.config.challenge_text.clone().filter(|_| begins && asks);
        Some(PendingAuthentication { attempt: without_credentials(attempt), time, asks, opens, in_advance })
    }

    /// What is to be asked before PAM does.
    pub fn in_advance(&self) -> Option<(&Self, PendingMessage)> {
        let pending = Pending::hidden(self.time, self.in_advance.as_ref()?).ok()?;
        Some((self, PendingMessage { pending, is_page: false }))
    }

    /// What is to be asked for PAM; nothing if the client would not show it, or OpenVPN must not log the answer.
    pub fn for_question(&self, question: &Question) -> Option<(&Self, PendingMessage)> {
        if question.private {
            return None;
        }
        let page = question::address(&question.text).filter(|page| question.page && page.len() <= MAX_TEXT);
        if let (Some(open), Some(page)) = (self.opens, page) {
            return Some((self, PendingMessage { pending: open(self.time, page).ok()?, is_page: true }));
        }
        if !self.asks || question.text.len() > MAX_TEXT {
            return None;
        }
        let make = if question.echo { Pending::text } else { Pending::hidden };
        let pending = make(self.time, &String::from_utf8_lossy(&question.text)).ok()?;
        Some((self, PendingMessage { pending, is_page: false }))
    }

    /// Answers OpenVPN: *deferred*, and the client is asked.
    ///
    /// # Errors
    /// As [`AuthUserPassVerify::defer`].
    pub fn ask(
        &self,
        attempts: &mut Attempts,
        event: &AuthUserPassVerify<'_>,
        details: AttemptDetails,
        message: PendingMessage,
        question: Option<QuestionId>,
    ) -> Result<AuthReply, DeferError> {
        let (decision, deferral) = event.defer()?;
        let attempt = without_credentials(&self.attempt);
        let id = attempt.id;
        attempts.ask(attempt, question, decision, details);
        if message.is_page {
            attempts.answer(id, Secret::copy_of(b""));
        } else if let Some(mut client) = event.client::<AuthPam>() {
            client.asked = Some(id);
        }
        Ok(AuthReply::Pending(message.pending, deferral))
    }
}
