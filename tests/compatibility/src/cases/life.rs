//! What outlives what: helpers and OpenVPN, modules and their files.

use crate::case::Case;
use crate::step;

const OWN_MODULE: &str = "auth required @DIR@/module.so\naccount required pam_permit.so\n";

/// The directory of Linux-PAM's modules.
fn modules() -> String {
    format!("/usr/lib/{}-linux-gnu/security", std::env::consts::ARCH)
}

/// Another module under the name of the one that is in use, as a package does it.
fn replace(by: &str) -> String {
    let from = modules();
    format!("cp {from}/{by}.so @DIR@/new && mv @DIR@/new @DIR@/module.so")
}

/// Sends a signal to the process that serves logins: OpenVPN's child, or, with a keeper, the child of that. If there is one
/// it is waited until that one has a child which is not the one that was killed.
fn signal(name: &str) -> String {
    format!(
        "of() {{ cat /proc/$1/task/$1/children; }}; \
         for pid in $(of $PPID); do \
         [ $pid = $$ ] && continue; keeper=; \
         [ $(cat /proc/$pid/comm) = auth-pam-keeper ] && keeper=$pid && pid=$(of $pid); \
         kill -{name} $pid; \
         [ -z \"$keeper\" ] || [ {name} != KILL ] || until new=$(of $keeper) && [ -n \"$new\" ] && [ $new != $pid ]; do :; done; \
         done"
    )
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::lines(
            "life: OpenVPN is killed",
            "auth required pam_permit.so\naccount required pam_permit.so\n",
        )
        .login("ada", "engine")
        .killed()
        .differs(
            "accepted, killed, a helper stays",
            "accepted, killed",
            "OpenVPN that is killed leaves its root helper behind",
        ),
        Case::lines(
            "life: the helper is killed",
            "auth required pam_permit.so\naccount required pam_permit.so\n",
        )
        .login("ada", "engine")
        .login("ada", "engine")
        .run(&signal("KILL"))
        .differs(
            "accepted, refused",
            "accepted, accepted",
            "whoever kills the helper ends all logins",
        ),
        Case::lines(
            "life: the helper gets SIGTERM",
            "auth required pam_permit.so\naccount required pam_permit.so\n",
        )
        .login("ada", "engine")
        .login("ada", "engine")
        .run(&signal("TERM"))
        .differs(
            "accepted, refused",
            "accepted, accepted",
            "whoever ends the helper ends all logins",
        ),
        Case::lines("life: a module replaced on disk", OWN_MODULE)
            .open_env(step::RUN, &replace("pam_permit"))
            .login("ada", "engine")
            .login("ada", "engine")
            .run(&replace("pam_deny"))
            .differs(
                "accepted, refused",
                "accepted, accepted",
                "every login loads all modules anew, which takes most of its time",
            ),
    ]
}
