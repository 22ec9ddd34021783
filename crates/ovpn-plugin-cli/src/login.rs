//! A login with its questions: each answer is a further call, until the plugin asks no more.

use std::time::{Duration, Instant};

use ovpn_plugin_host::{
    DynamicChallenge, FuncResult, Login, LoginOutcome, OpenPlugin, Question, RunningLogin, Verdict, sys,
};

use crate::plugin_process::report::{Outcome, Reporter};
use crate::plugin_run::{PluginRun, failed, result_text, seconds};
use crate::redaction::from_plugin;

/// A call that takes longer than this is worth a word.
const LONG: Duration = Duration::from_secs(1);
/// How long OpenVPN gives a client, unless `hand-window` says otherwise.
const HAND_WINDOW: Duration = Duration::from_secs(60);

/// What comes after one call.
enum Next {
    Done(Outcome),
    /// The client comes again with an answer.
    Again(Box<Login>),
}

impl PluginRun {
    pub(crate) fn log_in(
        &self,
        reporter: &Reporter,
        login: &Login,
        plugin: &OpenPlugin,
        start: Instant,
    ) -> Outcome {
        if !plugin.wants(sys::PLUGIN_AUTH_USER_PASS_VERIFY) {
            reporter.say(
                "open",
                "the plugin does not want AUTH_USER_PASS_VERIFY, so OpenVPN never asks it about logins",
            );
            return Outcome::NoVerdict;
        }
        let mut login = login.clone();
        // The time that a person takes is not the plugin's.
        let mut end = start + self.limit;
        loop {
            match round(reporter, &login, plugin, &mut end) {
                Next::Done(outcome) => return outcome,
                Next::Again(next) => login = *next,
            }
        }
    }
}

/// One connection of the client.
fn round(reporter: &Reporter, login: &Login, plugin: &OpenPlugin, end: &mut Instant) -> Next {
    let client = plugin.client();
    let running = match client.start_login(login) {
        Ok(running) => running,
        Err(error) => return Next::Done(failed(reporter, &error.to_string())),
    };
    let blocked = running.blocked();
    reporter.say("reply", &format!("{} after {}", result_text(running.result), seconds(blocked)));
    if running.result != FuncResult::Deferred && blocked >= LONG {
        reporter.say("note", "OpenVPN serves nobody while the plugin decides; let it defer logins (auth-pam: deferred=yes, or `setenv deferred_auth_pam 1`)");
    }
    if let Some(pending) = running.pending() {
        reporter.say("pending", &pending_text(pending));
    }
    let mut asked = Duration::ZERO;
    if let Some(question) = open_question(plugin, &running) {
        let Some(answer) = ask(reporter, &question, end, &mut asked) else {
            return Next::Done(Outcome::Unanswered);
        };
        match client.answer(&running, login, &answer) {
            Ok(reply) => reporter.say("reply", &format!("to the answer: {}", result_text(reply.result))),
            Err(error) => return Next::Done(failed(reporter, &error.to_string())),
        }
    }
    let outcome = running.finish(end.saturating_duration_since(Instant::now()));
    let decision = if outcome.accepted() {
        Outcome::Yes
    } else if outcome.result == FuncResult::Deferred && outcome.verdict.is_none() {
        Outcome::NoVerdict
    } else {
        Outcome::No
    };
    let took = outcome.took.saturating_sub(asked);
    match outcome.verdict {
        Some(verdict) => reporter.say("verdict", &verdict_text(verdict, took)),
        None if decision == Outcome::NoVerdict => {
            reporter.say("verdict", &format!("none within {}", seconds(took)));
        }
        None => {}
    }
    reporter.say("client", &client_text(&outcome, took));
    let challenge = outcome.reason.as_deref().filter(|_| decision == Outcome::No);
    let challenge = challenge.and_then(DynamicChallenge::in_reason).filter(|it| it.question.wants_answer);
    let Some(challenge) = challenge else { return Next::Done(decision) };
    // The client has left by now.
    drop(client);
    match ask(reporter, &challenge.question, end, &mut asked) {
        Some(answer) => {
            let again = login.clone().env("username", &challenge.username);
            Next::Again(Box::new(again.env("password", challenge.password(&answer))))
        }
        None => Next::Done(Outcome::Unanswered),
    }
}

/// What the plugin asks while the login is pending, unless it has decided meanwhile.
fn open_question(plugin: &OpenPlugin, running: &RunningLogin) -> Option<Question> {
    let question = running.question().filter(|question| question.wants_answer)?;
    let open = running.files.verdict().is_none() && plugin.wants(sys::PLUGIN_CLIENT_CRRESPONSE);
    open.then_some(question)
}

/// Asks, and moves the end by the time that it takes.
fn ask(
    reporter: &Reporter,
    question: &Question,
    end: &mut Instant,
    asked: &mut Duration,
) -> Option<crate::password::Secret> {
    let before = Instant::now();
    let answer = reporter.ask(question);
    *asked += before.elapsed();
    *end += before.elapsed();
    answer
}

fn verdict_text(verdict: Verdict, took: Duration) -> String {
    let word = match verdict {
        Verdict::Accepted => "accepted".to_owned(),
        Verdict::Rejected => "rejected".to_owned(),
        Verdict::Unreadable(byte) => format!("the control file has byte {byte}, which is no verdict"),
    };
    format!("{word} after {}", seconds(took))
}

/// The three lines of a pending file.
fn pending_text(text: &str) -> String {
    let mut lines = text.lines();
    match (lines.next(), lines.next(), lines.next()) {
        (Some(timeout), Some(method), Some(text)) => {
            let (method, timeout, text) = (from_plugin(method), from_plugin(timeout), from_plugin(text));
            format!("the client gets a question by {method}, and has {timeout} s to answer: {text}")
        }
        _ => "the pending file has fewer than three lines, so OpenVPN cannot use it".to_owned(),
    }
}

/// What OpenVPN would tell the client.
fn client_text(outcome: &LoginOutcome, took: Duration) -> String {
    if outcome.accepted() && took > HAND_WINDOW {
        return "would get in, but gave up after one minute (`hand-window`)".to_owned();
    }
    if outcome.accepted() {
        return "gets in, as far as this plugin decides".to_owned();
    }
    if outcome.result == FuncResult::Deferred && outcome.verdict.is_none() {
        return "waits, and gives up after one minute (`hand-window`)".to_owned();
    }
    let reason = outcome.reason.as_deref();
    match reason.map(|text| (text, from_plugin(text))) {
        None => "reads that the login failed, without a reason".to_owned(),
        Some((text, shown)) if text.starts_with("TEMP") => {
            format!("reads that it can try again later: {shown}")
        }
        Some((text, shown)) if text.starts_with("CRV1:") => {
            format!("gets a question (dynamic challenge): {shown}")
        }
        Some((_, shown)) => format!("reads that the login failed: {shown}"),
    }
}
