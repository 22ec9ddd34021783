//! The session of a client, in the worker that has authenticated it (`session=yes`): opened when the client connects, closed
//! when it leaves. Meanwhile the worker waits, keeps the PAM handle and with it what the modules have noted there, and
//! nothing of the credentials. It gets no other transaction afterwards.

use std::ffi::CString;
use std::time::SystemTime;

use pam::{PamError, ReturnCode, Transaction};
use privsep::{confine, leave};

use super::account;
use super::conversation::PamConversation;
use super::orders::receive;
use super::reports::cut;
use crate::protocol::reference::Reference;
use crate::protocol::session::{Assigned, CloseReason, Usage};
use crate::protocol::{Order, StepResult, TransactionEnd, WorkerNews};
use crate::settings::Settings;

/// What is left of a worker's life after its transaction has let a client in, which `login` says.
pub fn serve(
    mut transaction: Transaction<PamConversation<'_>>,
    login: TransactionEnd,
    settings: &Settings,
) -> ! {
    let dco = settings.dco;
    let conversation = transaction.conversation();
    conversation.enter_session();
    // A child that a module has forked and that came back out of it is not this worker, and has nothing to say.
    if nix::unistd::getpid() != conversation.reports.worker {
        leave(1);
    }
    confine::flush_output();
    if !conversation.reports.send(WorkerNews::End(login)) {
        leave(1);
    }
    let mut open = false;
    loop {
        let reports = &mut transaction.conversation().reports;
        let nonce = reports.nonce;
        match receive(reports.channel) {
            Ok(Order::Open { nonce: own, assigned, reference }) if own == nonce && !open => {
                let result =
                    open_session(&mut transaction, opened_variables(&assigned, reference, SystemTime::now()));
                if let Err(error) = result {
                    end(transaction, Err(error), WorkerNews::Opened);
                }
                open = true;
                let news = WorkerNews::Opened(done(Ok(())));
                if !transaction.conversation().reports.send(news) {
                    break;
                }
            }
            Ok(Order::CheckAccount { nonce: own, proof }) if own == nonce && open => {
                let end = account::check_again(&mut transaction, &settings.config, proof);
                let reports = &mut transaction.conversation().reports;
                // As above.
                if nix::unistd::getpid() != reports.worker {
                    leave(1);
                }
                if !reports.send(WorkerNews::Checked(end)) {
                    break;
                }
            }
            Ok(Order::Close { nonce: own, usage }) if own == nonce && open => {
                let result = close_session(&mut transaction, &usage, dco);
                end(transaction, result, WorkerNews::Closed);
            }
            // The client has not connected, or the supervisor is gone.
            _ => break,
        }
    }
    if open {
        let _ = close_session(&mut transaction, &Usage::unknown(CloseReason::OpenVpnEnded), dco);
    }
    drop(transaction);
    leave(0)
}

/// Ends the transaction, and says how that went.
fn end(
    transaction: Transaction<PamConversation<'_>>,
    result: Result<(), PamError>,
    news: fn(StepResult) -> WorkerNews,
) -> ! {
    let mut conversation = transaction.end();
    if let (Err(_), Some(complaint)) = (&result, conversation.complaint.take()) {
        conversation.note(|| complaint);
    }
    let sent = conversation.reports.send(news(done(result)));
    leave(i32::from(!sent))
}

fn done(result: Result<(), PamError>) -> StepResult {
    let (code, text) = match result {
        Ok(()) => (ReturnCode::SUCCESS, "Success".to_string()),
        Err(error) => (error.code, error.text),
    };
    StepResult { code: code.raw().unsigned_abs(), text: cut(&text) }
}

fn open_session(
    transaction: &mut Transaction<PamConversation<'_>>,
    variables: Vec<CString>,
) -> Result<(), PamError> {
    put(transaction, variables)?;
    step(transaction, Transaction::establish_credentials)?;
    let opened = step(transaction, Transaction::open_session);
    if opened.is_err() {
        let _ = step(transaction, Transaction::delete_credentials);
    }
    opened
}

/// Both steps are taken, whatever the first one has come to.
fn close_session(
    transaction: &mut Transaction<PamConversation<'_>>,
    usage: &Usage,
    dco: bool,
) -> Result<(), PamError> {
    let told = put(transaction, usage_variables(usage, dco));
    let closed = step(transaction, Transaction::close_session);
    let deleted = step(transaction, Transaction::delete_credentials);
    told.and(closed).and(deleted)
}

/// Has modules do something. A child that one of them has forked and that came back out of it, whatever with, is not this
/// worker: it must not go on to delete what the worker has.
fn step<'a>(
    transaction: &mut Transaction<PamConversation<'a>>,
    run: fn(&mut Transaction<PamConversation<'a>>) -> Result<(), PamError>,
) -> Result<(), PamError> {
    let result = run(transaction);
    if nix::unistd::getpid() != transaction.conversation().reports.worker {
        leave(1);
    }
    if transaction.panicked() {
        return Err(PamError { code: ReturnCode::CONV_ERR, text: "Conversation error".into() });
    }
    result
}

fn put(transaction: &mut Transaction<PamConversation<'_>>, variables: Vec<CString>) -> Result<(), PamError> {
    variables.iter().try_for_each(|variable| transaction.put_env(variable))
}

/// They stay until the end of the session. Reference and time together name one session, which none of them does alone.
fn opened_variables(assigned: &Assigned, reference: Reference, now: SystemTime) -> Vec<CString> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    variables([
        ("REFERENCE", Some(reference.to_string())),
        ("OPENED", Some(since.as_secs().to_string())),
        ("TUNNEL_IP", assigned.ipv4.map(|address| address.to_string())),
        ("TUNNEL_IP6", assigned.ipv6.map(|address| address.to_string())),
    ])
}

fn usage_variables(usage: &Usage, dco: bool) -> Vec<CString> {
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    variables([
        ("BYTES_RECEIVED", number(usage.received_bytes)),
        ("BYTES_SENT", number(usage.sent_bytes)),
        ("DURATION", number(usage.seconds)),
        ("CLOSE_REASON", Some(usage.why.word().to_string())),
        ("DCO", dco.then(|| "possible".to_string())),
    ])
}

/// Those of which something is known.
fn variables<const N: usize>(all: [(&str, Option<String>); N]) -> Vec<CString> {
    all.into_iter()
        .filter_map(|(name, value)| CString::new(format!("OPENVPN_{name}={}", value?)).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn modules_are_told_what_is_known() {
        let address = "10.8.0.2".parse().ok();
        let assigned = Assigned { ipv4: address, ipv6: None };
        let (reference, now) =
            (Reference::from_number(0).unwrap(), SystemTime::UNIX_EPOCH + Duration::from_millis(7999));
        let named = [c"OPENVPN_REFERENCE=22222", c"OPENVPN_OPENED=7"];
        let all = [named[0], named[1], c"OPENVPN_TUNNEL_IP=10.8.0.2"];
        assert_eq!(opened_variables(&assigned, reference, now), all.map(CString::from));
        assert_eq!(opened_variables(&Assigned::default(), reference, now), named.map(CString::from));
        let usage = Usage {
            received_bytes: Some(u64::MAX),
            sent_bytes: Some(0),
            seconds: Some(7),
            why: CloseReason::Disconnected,
        };
        let expected = [
            c"OPENVPN_BYTES_RECEIVED=18446744073709551615",
            c"OPENVPN_BYTES_SENT=0",
            c"OPENVPN_DURATION=7",
            c"OPENVPN_CLOSE_REASON=disconnected",
        ];
        assert_eq!(usage_variables(&usage, false), expected.map(CString::from));
        let unknown = usage_variables(&Usage::unknown(CloseReason::OpenVpnEnded), true);
        let expected = [c"OPENVPN_CLOSE_REASON=openvpn-ended", c"OPENVPN_DCO=possible"];
        assert_eq!(unknown, expected.map(CString::from));
    }
}
