//! What is checked: each check with what it means to pass it, why that matters, and what to do.

/// One check.
#[derive(Debug)]
pub(crate) struct Check {
    /// Its name, which stays the same when the text is reworded.
    pub(crate) id: &'static str,
    /// What is so if it passes.
    pub(crate) passes: &'static str,
    pub(crate) why: &'static str,
    pub(crate) todo: &'static str,
}

/// Checks whose notes say what a plugin is like, and not what its author could mend: with `--strict` they do not count. A plugin
/// that defers is meant to, and glibc keeps the code of a plugin that used the threads of Rust's standard library.
pub(crate) const NO_FAULTS: [&str; 2] = ["unloads", "deferral"];

macro_rules! checks {
    ($($id:literal: $passes:literal, $why:literal, $todo:literal;)+) => {
        /// All, in the order in which they are printed.
        pub(crate) const CHECKS: &[Check] = &[
            $(Check { id: $id, passes: $passes, why: $why, todo: $todo },)+
        ];
    };
}

checks! {
    "symbols": "the file loads, and has what OpenVPN looks up",
        "OpenVPN ends at its start when it cannot load a plugin or misses a function in it.",
        "Export openvpn_plugin_open_v3, openvpn_plugin_func_v3 and openvpn_plugin_close_v1 with these names and C linkage.";
    "linked": "the file names all libraries that it uses",
        "The symbols are there only because this OpenVPN has the library itself: with one that is built otherwise (mbed TLS, static) the plugin does not load.",
        "Link the plugin with the library whose functions it calls.";
    "init-point": "OpenVPN has the moment at which the plugin wants to be opened",
        "OpenVPN never opens a plugin that asks for another moment, and starts without it.",
        "Return one of the OPENVPN_PLUGIN_INIT values, or leave the function out.";
    "opens": "OpenVPN starts with this plugin line",
        "OpenVPN does not start when a plugin refuses. Without it, little can be checked.",
        "Correct the words of the plugin line; see what the plugin says with: ovpn-plugin check";
    "accepted": "a client gets in, so all events are seen",
        "What follows the event that keeps it out cannot be checked.",
        "Give a login that is accepted: --user NAME --password-file FILE.";
    "event-bits": "OpenVPN 2.4 and later have all events that the plugin asks for",
        "OpenVPN ends at its start when a plugin asks for an event that it does not have.",
        "Ask only for events whose bits are in type_mask, as open gets it.";
    "older-events": "the plugin opens with OpenVPN 2.4 too, which has fewer events",
        "An OpenVPN whose plugin refuses does not start.",
        "If the plugin can do without the event, ask for it only where type_mask has it (in Rust: #[optional]); else say in the manual which OpenVPN it needs.";
    "struct-versions": "the plugin opens with older hosts too (struct versions 1 to 4)",
        "Older hosts pass shorter structs. A field that is not there must not be read.",
        "Compare the version that open gets with the one that brought a field before reading it.";
    "event-pairs": "events that need each other are asked for together",
        "OpenVPN asks a plugin that deferred a connection again by another event; without that, the client waits in vain.",
        "Ask for CLIENT_CONNECT_DEFER(_V2) too, or do not defer connections.";
    "client-state": "state of clients is made and destroyed",
        "What a constructor makes for a client stays for ever without a destructor.",
        "Export openvpn_plugin_client_constructor_v1 and openvpn_plugin_client_destructor_v1 together.";
    "survives": "the plugin lets its process live",
        "OpenVPN has one process. A plugin that crashes, aborts or exits ends the VPN for everybody.",
        "Find the place with a core dump, valgrind or AddressSanitizer; never call exit or abort in a plugin.";
    "returns": "each call comes back",
        "OpenVPN has one thread: as long as a call does not return, nobody is served.",
        "Wait for nothing without a limit; defer what takes time.";
    "hold": "no call holds OpenVPN up",
        "OpenVPN has one thread: during a call no packet of any client is forwarded.",
        "Answer logins and connections deferred, and do slow work in a thread or in a process of your own.";
    "panics": "nothing panics",
        "A panic is a mistake in the plugin. The login or event it happens in is answered with a refusal.",
        "Mend what the line names.";
    "errors": "a client that gets in costs no line of an error",
        "Administrators look for errors, and every one is to say what does not work.",
        "Mend what the line names, or log it as a note if it is none.";
    "prints": "nothing is written to standard output",
        "Of a daemon it is lost; under systemd it stands in the journal without a time or the plugin's name.",
        "Log through OpenVPN: plugin_log, in Rust the macros of the crate log.";
    "odd-input": "odd logins are borne",
        "Clients choose name and password: empty, long and with any bytes.",
        "Check lengths and missing variables before using them.";
    "forks": "no call forks",
        "A forked process shares what OpenVPN had at that moment, the keys of all clients included, and forking a large process takes time.",
        "Start helpers once, before clients are there, or use threads; run programs with posix_spawn or vfork and exec.";
    "forks-descriptors": "processes that are forked keep nothing of OpenVPN's open",
        "A helper that keeps OpenVPN's sockets and its tunnel device open keeps them busy when OpenVPN starts anew.",
        "In a forked process, close all descriptors but its own: close_range(2).";
    "descriptors-exec": "descriptors are closed on exec",
        "Scripts that OpenVPN runs (up, client-connect) inherit the others, and with them all that they lead to.",
        "Open with O_CLOEXEC, SOCK_CLOEXEC and the like.";
    "descriptors-left": "closing the plugin closes its descriptors",
        "At each SIGHUP OpenVPN closes its plugins and opens them anew: what is left adds up.",
        "Close all descriptors in openvpn_plugin_close_v1.";
    "threads-left": "closing the plugin ends its threads",
        "OpenVPN unmaps the plugin right after close. A thread that still runs in it crashes the server.",
        "Stop all threads in openvpn_plugin_close_v1, and join them.";
    "threads-signals": "threads of the plugin block OpenVPN's signals",
        "A signal that a thread takes does not wake OpenVPN, which then ends, restarts or reports late.",
        "Block all signals (pthread_sigmask) before pthread_create, and restore the mask afterwards.";
    "processes-left": "closing the plugin ends its processes",
        "At each SIGHUP there would be more of them.",
        "End helpers in openvpn_plugin_close_v1, and wait for them.";
    "outlives": "the plugin's processes end when OpenVPN is killed",
        "A helper with root rights that nobody needs any more stays for ever.",
        "Have helpers notice that OpenVPN is gone: a stream socket or pipe gives end-of-file, PR_SET_PDEATHSIG a signal.";
    "unloads": "the plugin can be unloaded",
        "Its code stays in memory over a SIGHUP, with all static variables: a new version of the file is not taken up.",
        "Keep nothing in static variables, and say that an update needs a restart. A plugin in Rust that has started a thread always stays; in C, link without -z nodelete.";
    "signals": "OpenVPN's signals stay as they are",
        "OpenVPN ends, restarts and reports by signals. Blocked, ignored or handled by somebody else, they do nothing.",
        "Do not call signal, sigaction or sigprocmask in a plugin's calls, or restore what was there.";
    "umask": "the umask stays as it is",
        "OpenVPN creates files with it: status, log, those of logins.",
        "Set the mode of a file where it is created.";
    "directory": "the working directory stays as it is",
        "Relative paths in OpenVPN's configuration would lead somewhere else.",
        "Use whole paths, openat and the like.";
    "environment": "OpenVPN's own environment stays as it is",
        "Scripts and libraries of OpenVPN read it; setenv is not safe with threads.",
        "Pass variables to programs in execve; return configuration to OpenVPN by its lists.";
    "locale": "the locale stays as it is",
        "Numbers and messages of OpenVPN and all other plugins change with it.",
        "Use newlocale and uselocale in a thread of your own.";
    "limits": "resource limits stay as they are",
        "They hold for the whole of OpenVPN, and for what it starts.",
        "Set limits in a process of your own.";
    "open-files": "the limit of open files stays as it is",
        "It holds for the whole of OpenVPN, and for the scripts that it starts.",
        "Say in the manual that the plugin changes it.";
    "identity": "user, groups and capabilities stay as they are",
        "OpenVPN sets up devices and routes with them, and drops them itself (`user`).",
        "Change them in a process of your own.";
    "standard-descriptors": "standard input, output and error stay where they are",
        "OpenVPN writes its log there.",
        "Redirect them in the processes that you start.";
    "sighup": "the plugin can be closed and opened anew",
        "At SIGHUP OpenVPN closes its plugins and opens them again in the same process.",
        "Set all static variables in open, and give up everything in close.";
    "leak-memory": "calls keep no memory",
        "A server runs for months.",
        "Free what a call allocates; find the place with valgrind or LeakSanitizer.";
    "leak-descriptors": "calls leave no descriptor, thread or process",
        "A server runs for months; at the limit it can take no client any more.",
        "Close or end what a call opens or starts.";
    "control-file-direct": "a direct answer leaves the control file alone",
        "All plugins share the file. A `1` from a plugin that answered directly lets a client in before another one has decided.",
        "Write to auth_control_file only if the call returns OPENVPN_PLUGIN_FUNC_DEFERRED.";
    "control-file-verdict": "a deferred login gets a verdict that OpenVPN understands",
        "OpenVPN reads `0` or `1` at the beginning of the file; without it the client waits until hand-window ends.",
        "Write `0` or `1` as the first byte of auth_control_file, in every case.";
    "control-file-early": "the verdict comes after the call has returned",
        "OpenVPN may still call other plugins, which find the file used; and what takes no time need not be deferred.",
        "Answer directly if the verdict is known in the call.";
    "control-file-created": "a verdict that comes too late creates no file",
        "OpenVPN deletes the files when the client is gone. A file made afterwards stays for ever, and its name may be somebody's trap.",
        "Open auth_control_file without O_CREAT.";
    "control-file-shared": "another plugin's rejection stays",
        "All plugins share the file. `1` written over another one's `0` lets in whom that one keeps out (CVE-2022-0547).",
        "Look into auth_control_file before the first write; if it is not empty, write nothing but `0`.";
    "reason-first": "a reason is written before the verdict",
        "OpenVPN reads auth_failed_reason_file when it finds the verdict. The client never sees what comes later.",
        "Write auth_failed_reason_file, and then auth_control_file.";
    "question-in-call": "a question is written before the call returns",
        "OpenVPN reads auth_pending_file once, right after the call. The client never sees what comes later.",
        "Write auth_pending_file, and then return OPENVPN_PLUGIN_FUNC_DEFERRED.";
    "two-logins": "logins at the same time get each its own verdict",
        "After a restart of the server all clients come at once.",
        "Keep the names of a login's files with that login, in no static variable and not in the handle.";
    "two-lines": "two plugin lines with this file do not disturb each other",
        "OpenVPN loads a file once: static variables belong to all lines with it.",
        "Keep everything in what open returns as the handle, and nothing in static variables.";
    "deferral": "the plugin does not defer by itself",
        "OpenVPN ends when two plugins defer the same login, so only one line may do so.",
        "Say so in the manual. If the plugin can also answer directly, let the administrator choose.";
    "control-file-used": "a control file that somebody has used is noticed",
        "What another plugin has written there decides, before this one has.",
        "If the file is not empty before the first write, refuse the login.";
    "daemon": "the plugin works after OpenVPN has become a daemon",
        "daemon(3) forks: threads that were started in open are gone, and children belong to somebody else.",
        "Start threads at the first event, or ask for OPENVPN_PLUGIN_INIT_POST_DAEMON.";
    "confined": "the plugin works in a chroot, without root (`chroot`, `user`)",
        "After its start OpenVPN may be somebody else and see other files.",
        "Open and load in open what is needed later, or keep a helper outside for it.";
    "log-threads": "only OpenVPN's thread logs",
        "OpenVPN's log functions are not thread-safe: with the management interface a second thread soon crashes the server.",
        "Queue lines of threads, and log them in the next call; or use syslog(3).";
    "abort": "the plugin bears being told that OpenVPN dies",
        "OpenVPN calls openvpn_plugin_abort_v1 on fatal errors, also with clients connected.",
        "Do little in it: end helpers, and wait for nothing.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_texts_are_sentences() {
        for (number, check) in CHECKS.iter().enumerate() {
            assert!(CHECKS.iter().take(number).all(|other| other.id != check.id), "{}", check.id);
            assert!(check.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", check.id);
            assert!(check.why.ends_with('.') && !check.passes.ends_with('.'), "{}", check.id);
        }
    }
}
