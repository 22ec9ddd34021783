//! A transaction without a password: the client has shown something else, or keys are renegotiated with a token. Only the
//! account phase is run, in a transaction of its own or in that of the connection's session. There is nobody to be asked.

use std::ffi::{CStr, CString};

use lines::passwordless;
use nix::unistd::Group;
use pam::{PamError, ReturnCode, Transaction};
use privsep::confine;

use super::conversation::PamConversation;
use super::groups;
use super::messages::Messages;
use super::prompts::{ClientInput, PromptAnswer, Prompts, Turn, Visibility};
use super::reports::cut;
use super::transaction::other_user;
use crate::config::Config;
use crate::protocol::passwordless_proof::PasswordlessProof;
use crate::protocol::{Credentials, MAX_CHECKED, TransactionEnd, WhoseFault};

/// Where a prompt comes from that nobody can answer.
pub const PHASE: &str = "an account check";

/// The prompts by which modules ask for the user: libpam's own, and another one in use.
const USER_PROMPTS: [&[u8]; 2] = [b"login:", b"username:"];

/// The user that PAM is to look at: without pairs the username, with pairs what they answer when a stack asks for the user. No
/// module asks for that in the account phase.
pub fn user(prompts: &Prompts, username: &[u8], common_name: &[u8]) -> Result<CString, PamError> {
    let credentials = Credentials { password: secret::Secret::copy_of(b""), response: None };
    let input = ClientInput { username, common_name, credentials: &credentials };
    let by_pair =
        |prompt: &[u8]| match prompts.answer(false, &mut Turn::Over, Visibility::Shown, prompt, &input) {
            Ok(PromptAnswer::Given(name)) if !name.is_empty() => Some(name.expose().to_vec()),
            _ => None,
        };
    let name = match prompts {
        Prompts::ByVisibility => Some(username.to_vec()),
        Prompts::ByName(_) => USER_PROMPTS.into_iter().find_map(by_pair),
    };
    name.and_then(|name| CString::new(name).ok()).ok_or_else(|| {
        let text = passwordless::no_pair_for_the_user().to_string();
        PamError { code: ReturnCode::CONV_ERR, text }
    })
}

/// Runs the account phase. `end` tells how far it came.
pub fn check(
    transaction: &mut Transaction<PamConversation<'_>>,
    config: &Config,
    proof: PasswordlessProof,
    end: &mut TransactionEnd,
) -> Result<(), PamError> {
    let judged = transaction.user().map(CStr::to_owned);
    if proof == PasswordlessProof::Certificate {
        is_member(transaction, config, end)?;
    }
    end.authenticating = false;
    transaction.acct_mgmt().map_err(|error| {
        if error.code != ReturnCode::NEW_AUTHTOK_REQD {
            return error;
        }
        let text = passwordless::expired(&error.text).to_string();
        PamError { code: error.code, text }
    })?;
    // An account line may have put another user there.
    if proof == PasswordlessProof::Certificate && transaction.user() != judged.as_deref() {
        end.authenticating = true;
        is_member(transaction, config, end)?;
        end.authenticating = false;
    }
    Ok(())
}

/// Whether the user of the transaction may log in by certificate at all.
fn is_member(
    transaction: &Transaction<PamConversation<'_>>,
    config: &Config,
    end: &mut TransactionEnd,
) -> Result<(), PamError> {
    let refused = |text: String| PamError { code: ReturnCode::PERM_DENIED, text };
    let Some(group) = &config.certificate_login else {
        end.fault = WhoseFault::Configuration;
        return Err(refused(passwordless::not_wanted().to_string()));
    };
    let failed = |errno: nix::Error| PamError {
        code: ReturnCode::SYSTEM_ERR,
        text: passwordless::groups_unknown(errno.desc()).to_string(),
    };
    let Some(gid) = Group::from_name(group).map_err(failed)?.map(|group| group.gid) else {
        end.fault = WhoseFault::Configuration;
        return Err(refused(passwordless::no_group(group).to_string()));
    };
    let not = || refused(passwordless::no_member(group).to_string());
    let name = transaction.user().ok_or_else(not)?;
    let groups = groups::of_user(name).map_err(failed)?.ok_or_else(not)?;
    if groups.contains(&gid) { Ok(()) } else { Err(not()) }
}

/// The same in the transaction of a session that is open.
pub fn check_again(
    transaction: &mut Transaction<PamConversation<'_>>,
    config: &Config,
    proof: PasswordlessProof,
) -> TransactionEnd {
    let before = transaction.user().map(|user| user.to_bytes().to_vec());
    let conversation = transaction.conversation();
    (conversation.notes, conversation.said) = (0, Messages::default());
    let mut end = TransactionEnd::not_begun();
    let mut result = check(transaction, config, proof, &mut end);
    let checked = transaction.user().map(|user| user.to_bytes().to_vec());
    let panicked = transaction.panicked();
    let conversation = transaction.conversation();
    if result.is_ok() && checked != before && !config.allow_user_mapping {
        result = Err(other_user(&mut end, &conversation.answers, checked.as_deref()));
    }
    if panicked {
        result = result.and(Err(PamError { code: ReturnCode::CONV_ERR, text: "Conversation error".into() }));
    }
    let username = conversation.username;
    end.checked = checked.filter(|checked| *checked != username).unwrap_or_default();
    end.checked.truncate(MAX_CHECKED);
    // A session that goes wrong later has its own line for that.
    conversation.complaint = None;
    if result.is_err() {
        end.said = std::mem::take(&mut conversation.said).into_line();
    }
    let (code, text) = match result {
        Ok(()) => (ReturnCode::SUCCESS, "Success".to_string()),
        Err(error) => (error.code, error.text),
    };
    // A code below zero is none that PAM has: it must not be taken for success, and is not, being no zero.
    (end.code, end.text) = (code.raw().unsigned_abs(), cut(&text));
    confine::flush_output();
    end
}
