//! Logins with a session each, and PAM's session by itself.

use crate::plugin_host::call;
use crate::stats::median;
use ovpn_plugin_host::{FuncResult, OpenPlugin, sys};
use pam::{Conversation, ConversationError, PamError, Transaction};
use secret::Secret;
use std::ffi::CString;
use std::time::{Duration, Instant};

/// Before each: people do not connect one right after the other, and each session takes a worker that is started meanwhile.
const PAUSE: Duration = Duration::from_millis(20);

/// Lets so many clients in one after the other, with a session or without: the median time of the calls until a client is in,
/// and of the one that opens its session.
pub(crate) fn connected(
    plugin: &OpenPlugin,
    count: usize,
    user: &str,
    password: &str,
    session: bool,
) -> Result<[f64; 2], String> {
    let log_in = call(sys::PLUGIN_AUTH_USER_PASS_VERIFY, user, password);
    let connect = call(sys::PLUGIN_CLIENT_CONNECT, user, "").env("ifconfig_pool_remote_ip", "10.8.0.2");
    let disconnect = call(sys::PLUGIN_CLIENT_DISCONNECT, user, "");
    let (mut both, mut opened) = (Vec::new(), Vec::new());
    for _ in 0..count {
        std::thread::sleep(PAUSE);
        let client = plugin.client();
        let pass = |call| {
            let started = Instant::now();
            match client.call(call).map(|reply| reply.result) {
                Ok(FuncResult::Success) => Ok(started.elapsed().as_secs_f64()),
                other => Err(format!("a client was answered by {other:?}")),
            }
        };
        let login = pass(&log_in)?;
        let connected = if session { pass(&connect)? } else { 0.0 };
        if session {
            pass(&disconnect)?;
        }
        both.push(login + connected);
        opened.push(connected);
    }
    Ok([median(&both), median(&opened)])
}

/// The median time of a session's four steps in a program that has nothing else to do, after as many logins.
pub(crate) fn alone(count: usize, service: &str, user: &str, password: &str) -> Result<f64, String> {
    let figures: Result<Vec<f64>, String> = (0..count).map(|_| one_alone(service, user, password)).collect();
    figures.map(|figures| median(&figures))
}

fn one_alone(service: &str, user: &str, password: &str) -> Result<f64, String> {
    let text_of = |error: PamError| error.text;
    let text = |text: &str| CString::new(text).map_err(|error| error.to_string());
    let (service, user) = (text(service)?, text(user)?);
    let password = Secret::copy_of(password.as_bytes());
    let mut transaction = Transaction::start(&service, Some(&user), None, Password(password))
        .map_err(|error| error.to_string())?;
    transaction.authenticate().and_then(|()| transaction.acct_mgmt()).map_err(text_of)?;
    let started = Instant::now();
    let steps = transaction
        .establish_credentials()
        .and_then(|()| transaction.open_session())
        .and_then(|()| transaction.close_session())
        .and_then(|()| transaction.delete_credentials());
    let took = started.elapsed().as_secs_f64();
    steps.map(|()| took).map_err(text_of)
}

struct Password(Secret);

impl Conversation for Password {
    fn prompt_hidden(&mut self, _: &[u8]) -> Result<Secret, ConversationError> {
        Ok(Secret::copy_of(self.0.expose()))
    }

    fn prompt_echoed(&mut self, _: &[u8]) -> Result<Secret, ConversationError> {
        Err(ConversationError)
    }
}
