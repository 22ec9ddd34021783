//! How the client gets in that has a response: plugins take it in three ways, and ask for it in two.

use ovpn_plugin_host::{DynamicChallenge, Login, OpenPlugin};

use super::Subject;
use super::common::{live_as, logs_in, open_again};
use crate::certify::report::Seen;
use crate::certify::trial_process::TrialProcess;
use crate::redaction::from_plugin;

/// What is said of each way: with the password (SCRV1), while the login is pending (crtext), by coming again (CRV1).
const WAYS: [&str; 3] = ["response-with-password", "response-while-pending", "response-again"];

/// The login in each of these ways.
pub(crate) fn ways(with_password: Login, plain: &Login, response: &[u8]) -> [Login; 3] {
    [with_password, plain.clone().answers(response), plain.clone().answers_again(response)]
}

/// Tries the ways until one gets in.
pub(super) fn find_way_in(process: &TrialProcess, subject: &Subject) {
    let Some(ways) = &subject.ways else { return };
    let Some(plugin) = open_again(process, subject, "opens") else { return };
    let gets_in = |login| live_as(process, login, subject.patience, &plugin).is_ok_and(|life| life.connected);
    if let Some((_, way)) = ways.iter().zip(WAYS).find(|(login, _)| gets_in(*login)) {
        process.report.none(way);
    }
    process.report.at("close");
}

/// The login that got in, of the trial that has seen this.
pub(crate) fn login(subject: &Subject, seen: &[Seen]) -> Option<Login> {
    let way = WAYS.iter().position(|way| seen.iter().any(|seen| seen.id == *way))?;
    subject.ways.as_ref()?.get(way).cloned()
}

/// What a client is asked that does not get in, and what to do about it.
pub(super) fn question(process: &TrialProcess, subject: &Subject, plugin: &OpenPlugin) -> Option<String> {
    if !logs_in(plugin) {
        return None;
    }
    process.report.at("a login that may be asked something");
    let with_questions = subject.login.clone().env("IV_SSO", "crtext");
    let question = [&subject.login, &with_questions].into_iter().find_map(|login| {
        let running = plugin.start_login(login).ok()?;
        let pending = running.question();
        pending.or_else(|| Some(DynamicChallenge::in_reason(&running.files.reason_text()?)?.question))
    })?;
    Some(match subject.ways {
        None => format!("it asks '{}': give --response TEXT", from_plugin(&question.text)),
        Some(_) => {
            format!("it asks '{}', and does not take what --response gives", from_plugin(&question.text))
        }
    })
}
