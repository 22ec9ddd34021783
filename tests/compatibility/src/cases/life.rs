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

/// Sends a signal to the process that serves logins: OpenVPN's child, or, with a keeper, the supervisor, which is a child of
/// that beside the workers. Waits for what is to follow: without a keeper for its end, with one, after SIGKILL, for the
/// next supervisor.
fn signal(name: &str) -> String {
    format!(
        "of() {{ cat /proc/$1/task/$1/children; }}; \
         supervisor() {{ for it in $(of $1); do grep -qx auth-pam-super /proc/$it/comm && echo $it; done; }}; \
         for pid in $(of $PPID); do \
         [ $pid = $$ ] && continue; \
         if [ $(cat /proc/$pid/comm) != auth-pam-keeper ]; then \
         kill -{name} $pid; until grep -q '^State:.Z' /proc/$pid/status; do :; done; \
         else \
         old=$(supervisor $pid); kill -{name} $old; \
         [ {name} != KILL ] || until new=$(supervisor $pid); [ -n \"$new\" ] && [ \"$new\" != $old ]; do :; done; \
         fi; done"
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
            "a helper that is killed is not replaced: every login is refused",
        ),
        Case::lines(
            "life: the helper gets SIGTERM",
            "auth required pam_permit.so\naccount required pam_permit.so\n",
        )
        .login("ada", "engine")
        .login("ada", "engine")
        .run(&signal("TERM"))
        .differs("accepted, refused", "accepted, accepted", "the same"),
        Case::lines(
            "life: a program that a login leaves running",
            "auth required pam_exec.so quiet @DIR@/program\naccount required pam_permit.so\n",
        )
        .file("program", "#!/bin/sh\nsetsid sleep 300 <&- >/dev/null 2>&1 &\n")
        .login("ada", "engine")
        .differs(
            "accepted, a helper stays",
            "accepted",
            "what a login has started as root goes on for ever",
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
