//! Logins that lead to a question, and the answers.

use crate::plugin_host::{call, timed};
use crate::stats::median;
use ovpn_plugin_host::{AuthFiles, FuncResult, OpenPlugin, sys};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

const ANSWER: &str = "123456";
/// Before each login: a person is slower than a worker that starts, and such a login costs nothing that the next one
/// would have to wait for.
const PERSON: Duration = Duration::from_millis(20);
/// How long after its call a verdict may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of a call.
struct CallOutcome {
    /// How long it kept the server, in seconds.
    blocked: f64,
    accepted: bool,
    /// State id of the question the client was refused with.
    question: Option<String>,
}

/// Asks and answers so often: the median times of the call that leads to the question, and of that with the answer, in
/// seconds. A plugin that asks nothing has no second one.
pub(crate) fn answered(
    plugin: &OpenPlugin,
    count: usize,
    user: &str,
    password: &str,
    deferred: bool,
) -> Result<[f64; 2], String> {
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    for _ in 0..count {
        std::thread::sleep(PERSON);
        let first = log_in(plugin, user, password, "192.0.2.7", deferred)?;
        asked.push(first.blocked);
        let Some(id) = &first.question else {
            accepted(&first)?;
            continue;
        };
        std::thread::sleep(PERSON);
        let second = log_in(plugin, user, &format!("CRV1::{id}::{ANSWER}"), "192.0.2.7", deferred)?;
        accepted(&second)?;
        answered.push(second.blocked);
    }
    let answered = if answered.is_empty() { f64::NAN } else { median(&answered) };
    Ok([median(&asked), answered])
}

fn accepted(outcome: &CallOutcome) -> Result<(), String> {
    if outcome.accepted { Ok(()) } else { Err("a login was refused".to_string()) }
}

/// Leaves so many questions open, each asked at another address; fails if one was not asked.
pub(crate) fn open(plugin: &OpenPlugin, count: usize, user: &str, password: &str) -> Result<(), String> {
    for number in 0..count {
        let address = format!("10.0.{}.{}", number / 250, number % 250 + 1);
        let outcome = log_in(plugin, user, password, &address, false)?;
        outcome.question.ok_or_else(|| format!("login {number} led to no question"))?;
    }
    Ok(())
}

fn log_in(
    plugin: &OpenPlugin,
    user: &str,
    password: &str,
    address: &str,
    deferred: bool,
) -> Result<CallOutcome, String> {
    let files = AuthFiles::new().map_err(|error| error.to_string())?;
    let mut call = call(sys::PLUGIN_AUTH_USER_PASS_VERIFY, user, password)
        .without_env("untrusted_ip")
        .env("untrusted_ip", address)
        .env("auth_control_file", files.control().as_os_str().as_bytes())
        .env("auth_failed_reason_file", files.reason().as_os_str().as_bytes());
    if deferred {
        call = call.env("deferred_auth_pam", "1");
    }
    let (result, blocked) = timed(plugin, &call)?;
    let accepted = match result {
        FuncResult::Success => true,
        FuncResult::Deferred => {
            let verdict = files.wait_for_verdict(PATIENCE).ok_or("a login has no verdict")?;
            verdict == ovpn_plugin_host::Verdict::Accepted
        }
        _ => false,
    };
    let reason = files.reason_text().unwrap_or_default();
    let question = reason.strip_prefix("CRV1:").and_then(|rest| rest.split(':').nth(1)).map(str::to_string);
    Ok(CallOutcome { blocked, accepted, question })
}
