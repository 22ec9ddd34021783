//! Logs from a child made by fork, as a plugin's helper process does.

use nix::sys::wait::{WaitStatus, waitpid};
use ovpn_plugin::AuthReply;

/// Accepts if the child ended well.
pub(crate) fn log_in_a_child() -> AuthReply {
    let child = privsep::fork_child(|| {
        ovpn_plugin::logging::in_forked_child();
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
        ovpn_plugin::logging::in_forked_child();
        panic!("in the child\nin two lines")
    });
    match child.and_then(|pid| waitpid(pid, None)) {
        Ok(WaitStatus::Exited(_, 0)) => AuthReply::Reject,
        Ok(WaitStatus::Exited(..)) => AuthReply::Accept,
        _ => AuthReply::Reject,
    }
}
