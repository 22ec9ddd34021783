//! Logs from a child made by fork, as a plugin's helper process does.
#![allow(unsafe_code)]

use ovpn_plugin::AuthReply;

/// Accepts if the child ended well.
pub(crate) fn log_in_a_child() -> AuthReply {
    // SAFETY: the child only logs and leaves with _exit; OpenVPN's thread is the only one of this process that uses
    // the plugin.
    match unsafe { libc::fork() } {
        0 => {
            ovpn_plugin::logging::in_forked_child();
            log::info!("from the child\nin one line");
            // SAFETY: takes no pointers.
            unsafe { libc::_exit(0) }
        }
        -1 => AuthReply::Reject,
        child => {
            let mut status = -1;
            // SAFETY: our own child and a place for its status.
            let reaped = unsafe { libc::waitpid(child, &raw mut status, 0) };
            if reaped == child && status == 0 { AuthReply::Accept } else { AuthReply::Reject }
        }
    }
}
