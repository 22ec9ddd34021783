//! Whether a client can be asked while its login is pending (crtext), and how: through OpenVPN's pending file, which it reads
//! once, right after the deferred answer.

use std::time::Duration;

use ovpn_plugin::{AuthReply, AuthUserPassVerify, DeferError, Pending};

use super::attempts::{Attempts, Whom, without_credentials};
use crate::AuthPam;
use crate::protocol::Check;
use crate::question::{Question, QuestionId};
use crate::settings::Settings;

/// What clients call this method.
const METHOD: &str = "crtext";
/// Longest question in bytes: OpenVPN's client hands at most 255 to its management interface, its own words included.
pub const MAX_TEXT: usize = 230;
/// OpenVPN waits so much longer for the verdict than the person may take for the answer.
const FOR_PAM: Duration = Duration::from_secs(10);
/// The longest that OpenVPN is told to wait.
const LONGEST: Duration = Duration::from_secs(3600);

/// What the plugin keeps for each client of OpenVPN's.
#[derive(Debug, Default)]
pub struct Client {
    /// The attempt whose question it was asked last.
    pub asked: Option<u64>,
}

/// A client that can be asked while its login is pending.
pub struct Asker {
    /// The attempt, without credentials.
    check: Check,
    /// How long OpenVPN is to wait.
    time: Duration,
    /// What is asked before PAM does.
    in_advance: Option<String>,
}

impl Asker {
    /// For this attempt, unless OpenVPN waits for its verdict itself, or its client cannot be asked so.
    pub fn of(settings: &Settings, event: &AuthUserPassVerify<'_>, check: &Check) -> Option<Self> {
        // A question of an earlier attempt is forgotten with it.
        event.client::<AuthPam>()?.asked = None;
        let possible = settings.can_ask && check.deferred && event.auth_pending_file().is_some();
        if !possible || !event.client_supports(METHOD) {
            return None;
        }
        let time = settings.config.challenge_timeout.saturating_add(FOR_PAM).min(LONGEST);
        let begins = check.sent == crate::protocol::Sent::Password;
        let in_advance = settings.config.challenge_text.clone().filter(|_| begins);
        Some(Asker { check: without_credentials(check), time, in_advance })
    }

    /// What is to be asked before PAM does.
    pub fn in_advance(&self) -> Option<(&Self, String)> {
        Some((self, format!("CR_TEXT:R:{}", self.in_advance.as_ref()?)))
    }

    /// What is to be asked for PAM; nothing if the client would not show it.
    pub fn for_question(&self, question: &Question) -> Option<(&Self, String)> {
        let text = String::from_utf8_lossy(&question.text);
        let flags = if question.echo { "R,E" } else { "R" };
        (text.len() <= MAX_TEXT).then(|| (self, format!("CR_TEXT:{flags}:{text}")))
    }

    /// Answers OpenVPN: *deferred*, and the client is asked.
    ///
    /// # Errors
    /// As [`AuthUserPassVerify::defer`].
    pub fn ask(
        &self,
        attempts: &mut Attempts,
        event: &AuthUserPassVerify<'_>,
        whom: Whom,
        text: &str,
        question: Option<QuestionId>,
    ) -> Result<AuthReply, DeferError> {
        let decision = event.defer()?;
        let check = without_credentials(&self.check);
        if let Some(mut client) = event.client::<AuthPam>() {
            client.asked = Some(check.id);
        }
        attempts.ask(check, question, decision, whom);
        // The text is one line, and not too long; if it were, the attempt would time out.
        Ok(Pending::new(self.time, METHOD, text).map_or(AuthReply::Deferred, AuthReply::Pending))
    }
}
