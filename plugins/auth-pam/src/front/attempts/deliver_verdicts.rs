//! What a use of the table of attempts leaves to be done without its lock. Here a verdict of a deferred attempt takes effect.

use std::time::Duration;

use log_lines::UnloggedLine;
use ovpn_plugin::{ClientConfig, ConnectDecision, Decision};

use super::{AttemptDetails, Decided, SupervisorLink};
use crate::config::Advance;
use crate::front::credentials::Refusal;
use crate::front::rejection::{challenge, refusal, rejection};
use crate::protocol::verdict::Verdict;
use crate::quoted::shown;

/// What an administrator is to do when there is no supervisor any more.
pub const RESTART: &str = "logins are refused until OpenVPN is restarted";
/// How long a keeper that is gone may take to be reaped.
const REAP: Duration = Duration::from_millis(100);

/// What a use of the table leaves to be done without its lock, because files and logs can block.
#[derive(Default)]
pub struct AfterUnlock {
    /// Deferred attempts with their verdicts.
    pub(super) decided: Vec<(Decision, Decided, AttemptDetails)>,
    /// Clients that connect, and with what, if they may.
    pub(super) connecting: Vec<(ConnectDecision, Option<ClientConfig>)>,
    /// Lines for the log.
    pub(super) lines: Vec<UnloggedLine>,
    /// The supervisor that is lost for good.
    pub lost: Option<SupervisorLink>,
}

impl AfterUnlock {
    /// Delivers the verdicts, then gives the lines to be logged.
    pub fn deliver(self, advance: Advance) -> Vec<UnloggedLine> {
        let AfterUnlock { decided, connecting, lines: mut said, lost } = self;
        let failed = |error| lines::attempts::control_file_unwritable(error).unlogged();
        said.extend(connecting.into_iter().filter_map(|(decision, config)| {
            let delivered = match config {
                Some(config) => decision.accept(&config),
                None => decision.reject(),
            };
            delivered.err().map(failed)
        }));
        said.extend(decided.into_iter().filter_map(|(decision, Decided { verdict, told }, details)| {
            let AttemptDetails { username, tail, .. } = details;
            let reference = tail.origin.reference;
            let delivered = match verdict {
                Verdict::Accepted { .. } => decision.accept(),
                Verdict::Rejected if told.is_empty() => decision.reject(),
                Verdict::Rejected => decision.reject_with(&refusal(&told, reference)),
                Verdict::Temporary { cause, backoff } => {
                    decision.reject_with(&rejection(cause, backoff, advance, reference))
                }
                Verdict::Asked(question) => match challenge(&question, &username) {
                    Ok(rejection) => decision.reject_with(&rejection),
                    Err(error) => {
                        let delivered = decision.reject();
                        let why = Refusal::Question(error.to_string());
                        let line = lines::attempts::failed(&shown(&username), why, &tail).unlogged();
                        return Some(line).filter(|_| delivered.is_ok());
                    }
                },
            };
            delivered.err().map(failed)
        }));
        if let Some(supervisor) = lost {
            let keeper = supervisor.keeper();
            let how = supervisor.reap(REAP).map(|how| format!(" ({how})")).unwrap_or_default();
            said.insert(0, lines::processes::both_gone(keeper, &how, RESTART).unlogged());
            supervisor.stop(Duration::ZERO);
        }
        said
    }
}
