//! One transaction of PAM, from its start to what came of it.

use std::ffi::CString;

use lines::refusals;
use pam::{PamError, ReturnCode, Transaction};
use privsep::{Message, Reader};
use secret::Secret;

use super::answers::Answers;
use super::conversation::PamConversation;
use super::messages::Messages;
use super::pam_progress::PamProgress;
use super::prompts::Turn;
use super::reports::{Reports, cut};
use super::{account, expired, pam_environment, pam_progress};
use crate::protocol::{Client, Credentials, MAX_CHECKED, NewTransaction, TransactionEnd, WhoseFault};
use crate::settings::Settings;

/// One transaction; its notes are sent as they happen. Whether it has asked a question. One that is kept for a session is the
/// last of this worker, and `keeps` is run before.
pub fn transact(
    settings: &Settings,
    begin: &NewTransaction,
    credentials: Secret,
    reports: &mut Reports<'_>,
    keeps: impl FnOnce(),
) -> (TransactionEnd, bool) {
    let mut end = TransactionEnd::not_begun();
    let mut asked = false;
    let (code, text, kept) = match check(settings, begin, credentials, reports, &mut end, &mut asked) {
        Ok(kept) => (ReturnCode::SUCCESS, "Success".to_string(), kept),
        Err(error) => (error.code, error.text, None),
    };
    end.kept = kept.is_some();
    // A code below zero is none that PAM has: it must not be taken for success, and is not, being no zero.
    end.code = code.raw().unsigned_abs();
    end.text = cut(&text);
    if let Some(transaction) = kept {
        keeps();
        super::session::serve(transaction, end, settings);
    }
    (end, asked)
}

/// What PAM says, and the transaction if it is kept; how far it came, and how long a failure must stay unknown, is noted in `end`.
fn check<'a>(
    settings: &'a Settings,
    begin: &'a NewTransaction,
    sealed: Secret,
    reports: &'a mut Reports<'_>,
    end: &mut TransactionEnd,
    has_asked: &mut bool,
) -> Result<Option<Transaction<PamConversation<'a>>>, PamError> {
    let config = &settings.config;
    let broken = |text: String| PamError { code: ReturnCode::SYSTEM_ERR, text };
    let credentials = Credentials::unseal(&sealed)
        .map_err(|error| broken(refusals::malformed_credentials(error).to_string()))?;
    drop(sealed);
    // The front sees to that, but not where a client sends again an answer by which it has chosen a password.
    if credentials.password.is_empty() && !config.empty_passwords && begin.proof.is_none() {
        let text = refusals::empty_password().to_string();
        return Err(PamError { code: ReturnCode::AUTH_ERR, text });
    }
    let client = Client::decode(Reader::new(&begin.client))
        .map_err(|error| broken(refusals::malformed_client(error).to_string()))?;
    let in_c = |bytes: &[u8]| CString::new(bytes).map_err(|_| broken(refusals::nul_byte().to_string()));
    let address = in_c(&begin.address)?;
    let user = match begin.proof {
        Some(_) => Some(account::user(&config.prompts, &begin.username, &begin.common_name)?),
        None => Some(in_c(&begin.username)?).filter(|_| config.prompts.name_user_at_start()),
    };
    // Nobody asks for it, so that it counts as asked for.
    let names =
        user.iter().filter(|_| begin.proof.is_some()).map(|user| Secret::copy_of(user.to_bytes())).collect();
    let conversation = PamConversation {
        prompts: &config.prompts,
        challenge: config.challenge,
        can_ask: settings.can_ask,
        open_urls: config.open_urls,
        username: &begin.username,
        common_name: &begin.common_name,
        credentials,
        turn: Turn::default(),
        debug: settings.debug,
        reports: Reports { channel: reports.channel, ..*reports },
        notes: 0,
        said: Messages::default(),
        typed: Vec::new(),
        complaint: None,
        names,
        answers: Answers::default(),
        messages: Vec::new(),
        choosing: None,
        questions: 0,
        page: None,
        given_up: false,
        nobody_in: begin.proof.map(|_| account::PHASE),
    };
    let worker = reports.worker;
    pam_progress::enter(worker, PamProgress::Start);
    let mut transaction =
        Transaction::start(&config.service, user.as_deref(), config.confdir.as_deref(), conversation)?;
    transaction.allow_empty_passwords(config.empty_passwords);
    // The supervisor waits instead, and this process is free for the next attempt.
    let _ = transaction.note_delays();
    let rhost = if address.is_empty() { Ok(()) } else { transaction.set_rhost(&address) };
    let told = rhost.and_then(|()| pam_environment::set(&mut transaction, &begin.common_name, &client));
    pam_progress::enter(
        worker,
        if begin.proof.is_some() { PamProgress::Account } else { PamProgress::Authentication },
    );
    let mut result = told.and_then(|()| match begin.proof {
        Some(proof) => account::check(&mut transaction, config, proof, end),
        None => transaction.authenticate().and_then(|()| {
            end.authenticating = false;
            pam_progress::enter(worker, PamProgress::Account);
            expired::acct_mgmt(&mut transaction, settings, end)
        }),
    });
    end.delay = transaction.delay();
    let panicked = transaction.panicked();
    let checked = transaction.user().map(|user| user.to_bytes().to_vec());
    let conversation = transaction.conversation();
    *has_asked = conversation.questions > 0;
    end.new_password =
        result.is_ok() && conversation.choosing.take().is_some_and(|choosing| choosing.last_is_new());
    let asked = checked.as_deref().is_some_and(|checked| conversation.was_asked_for(checked));
    match &result {
        Ok(()) if !asked && !config.allow_user_mapping => {
            result = Err(other_user(end, &conversation.answers, checked.as_deref()));
        }
        Err(error) if end.fault == WhoseFault::Client => {
            end.fault = conversation.answers.whose_fault(error.code)
        }
        _ => {}
    }
    end.checked = checked.filter(|checked| *checked != begin.username).unwrap_or_default();
    end.checked.truncate(MAX_CHECKED);
    if panicked {
        conversation.note(|| lines::attempts::internal_error().to_string());
        result = result.and(Err(PamError { code: ReturnCode::CONV_ERR, text: "Conversation error".into() }));
    }
    if result.is_err() {
        end.said = std::mem::take(&mut conversation.said).into_line();
    }
    if result.is_ok() && conversation.reports.session {
        return Ok(Some(transaction));
    }
    pam_progress::enter(worker, PamProgress::End);
    drop(transaction);
    result.map(|()| None)
}

/// PAM has succeeded, but not for the user that the client is let in as.
pub fn other_user(end: &mut TransactionEnd, answers: &Answers, checked: Option<&[u8]>) -> PamError {
    // No refusal of the account phase.
    end.authenticating = true;
    end.fault = answers.whose_fault_for_user(checked);
    let text =
        if checked.is_some() { refusals::other_user().to_string() } else { refusals::no_user().to_string() };
    PamError { code: ReturnCode::PERM_DENIED, text }
}
