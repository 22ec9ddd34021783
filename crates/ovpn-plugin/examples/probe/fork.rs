//! Logs from a child made by fork, as a plugin's helper process does.

use std::sync::Mutex;
use std::time::Duration;

use log::Level;
use nix::sys::wait::{WaitStatus, waitpid};
use ovpn_plugin::{AuthReply, AuthUserPassVerify, logging};

/// Accepts if the child ended well.
pub(crate) fn log_in_a_child() -> AuthReply {
    let child = privsep::fork_child(|| {
        logging::in_forked_child();
        log::info!("from the child\nin one line");
        privsep::leave(0)
    });
    match child.and_then(|pid| waitpid(pid, None)) {
        Ok(WaitStatus::Exited(_, 0)) => AuthReply::Accept,
        _ => AuthReply::Reject,
    }
}

/// Accepts if the child's panic ended the child and nothing else.
pub(crate) fn panic_in_a_child() -> AuthReply {
    let child = privsep::fork_child(|| {
        logging::in_forked_child();
        panic!("in the child\nin two lines")
    });
    match child.and_then(|pid| waitpid(pid, None)) {
        Ok(WaitStatus::Exited(_, 0)) => AuthReply::Reject,
        Ok(WaitStatus::Exited(..)) => AuthReply::Accept,
        _ => AuthReply::Reject,
    }
}

/// What a child sent elsewhere.
static SENT: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

fn send(level: Level, line: &str) {
    if let Ok(mut sent) = SENT.lock() {
        sent.push((level, line.to_owned()));
    }
}

/// Accepts if all the child logged, its panic included, went to its own sink.
pub(crate) fn redirect_a_child() -> AuthReply {
    let held = logging::hold_for_fork();
    let child = privsep::fork_child(|| {
        logging::in_forked_child();
        drop(held);
        logging::redirect(send);
        log::info!("redirected\nin one line");
        let error = std::io::Error::from_raw_os_error(13);
        logging::log_errno(Level::Warn, &error, format_args!("redirected"));
        let panicked = std::panic::catch_unwind(|| panic!("redirected")).is_err();
        let sent = std::mem::take(&mut *SENT.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        let [first, second, third] = &sent[..] else { privsep::leave(2) };
        let as_logged = *first == (Level::Info, r"redirected\nin one line".to_owned())
            && *second == (Level::Warn, "redirected: Permission denied (errno=13)".to_owned())
            && third.0 == Level::Error
            && third.1.starts_with("panic in a process forked from the plugin at ");
        privsep::leave(if panicked && as_logged { 0 } else { 1 })
    });
    match child.and_then(|pid| waitpid(pid, None)) {
        Ok(WaitStatus::Exited(_, 0)) => AuthReply::Accept,
        _ => AuthReply::Reject,
    }
}

/// Accepts if the child has the variables of the call without the password, and with it if that was `given` in the call.
pub(crate) fn look_for_the_password(event: &AuthUserPassVerify<'_>, given: bool) -> AuthReply {
    let there = |wanted: bool| event.env().get("password").is_some_and(|value| value.is_empty() != wanted);
    if given && !there(true) {
        return AuthReply::Reject;
    }
    let child = privsep::fork_child(|| {
        logging::in_forked_child();
        let others = event.env().get_str("username").is_some_and(|name| name.starts_with("fork-"));
        privsep::leave(if others && there(given) { 0 } else { 1 })
    });
    match child.and_then(|pid| waitpid(pid, None)) {
        Ok(WaitStatus::Exited(_, 0)) if there(true) => AuthReply::Accept,
        _ => AuthReply::Reject,
    }
}

/// Leaves a child behind, which says when it is what it is to be.
pub(crate) fn leave_a_child(settled: bool) -> AuthReply {
    let child = privsep::fork_child(|| {
        if settled {
            logging::in_forked_child();
        }
        log::info!("process {} stays", std::process::id());
        std::thread::sleep(Duration::from_secs(60));
        privsep::leave(0)
    });
    if child.is_ok() { AuthReply::Accept } else { AuthReply::Reject }
}
