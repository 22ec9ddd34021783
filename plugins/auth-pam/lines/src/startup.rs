//! What is said when the plugin is opened.

use std::fmt::Display;

const INSECURE: &str = "Whoever can change this decides what PAM does, and so who gets in.";
const AS_IT_SAYS: &str =
    "Run the command in the line. If a program needs to write there, have it write somewhere else.";

log_lines::lines! {
    /// When the plugin is opened.
    pub static LINES: "When the plugin is opened";

    info initialized(service: &str) "initialization succeeded: PAM service '{service}'";
    info deferred_may_take(limit: &str) "a deferred login may take {limit}";
    warn line_is_full(single: usize, quoted: usize)
        "OpenVPN passes at most {single} words after the plugin's path, {quoted} when they are quoted together: any further ones of this line are lost",
        why "OpenVPN drops what does not fit into a plugin line, without a word.",
        todo "Write options and pairs to a file, one a line, and name it in the plugin line: options=/etc/openvpn/auth-pam.conf";
    warn not_root(uid: impl Display)
        "OpenVPN has no root privileges: PAM modules will run as user {uid}, and most cannot check passwords then; start OpenVPN as root, with 'user' in its configuration, and after SIGHUP restart it",
        why "The plugin's processes have the rights that OpenVPN has when it opens the plugin.",
        todo "Start OpenVPN as root, with `user` in its configuration. Restart it instead of sending SIGHUP.";
    warn too_old(openvpn: &str, without_effect: &str)
        "{openvpn} passes neither questions nor reasons on to clients, so this has no effect: {without_effect}; use OpenVPN 2.6 or later",
        why "OpenVPN before 2.6 has no way for a plugin to say anything to a client.",
        todo "Update OpenVPN to 2.6 or later, or take the options out.";
    warn stands_still()
        "OpenVPN stands still while PAM opens a session (session): to have the client wait instead needs OpenVPN 2.5 or later",
        why "OpenVPN before 2.5 cannot have a client wait.",
        todo "Update OpenVPN to 2.5 or later.";
    warn no_sessions_to_count()
        "max-sessions and max-sessions-per-user count sessions, and there are none without session=yes",
        why "The option counts sessions, and PAM opens none.",
        todo "Add `session=yes`, or take the option out.";
    info counted_by_kernel()
        "OpenVPN may use data channel offload, and then the bytes of a session may be too low or zero; disable-dco in its configuration turns that off",
        why "With data channel offload the kernel carries the packets, and its counters come late.",
        todo "If the numbers matter, write `disable-dco` into OpenVPN's configuration.";
    info configuration_unread(unread: impl Display)
        "OpenVPN's configuration is not read: {unread}; unless hand-window is 60, set timeout to 10 s less",
        why "The plugin wants to know how long OpenVPN waits for a deferred verdict, and reads that there.",
        todo "If `hand-window` is not 60, set `timeout=` to 10 s less than it.";
    warn timeout_too_long(word: u64, seconds: u64)
        "option 'timeout={word}': OpenVPN gives a deferred login up after {seconds} s (hand-window, or half of reneg-sec), so the client gets no answer; set a lower timeout, or raise hand-window here and at the clients",
        why "OpenVPN gives up before the plugin does, and the client waits for nothing.",
        todo "Set a lower `timeout=`, or raise `hand-window` on the server and at the clients.";
    error another_defers(remedy: &str)
        "another plugin line defers logins already, and OpenVPN exits when two do: {remedy}, or make one PAM service of both",
        why "OpenVPN cannot have two plugins defer the same login.",
        todo "Have one of the lines decide at once (`deferred=no`), or make one PAM service of both.";
    error no_confdir() "option 'pam-confdir': this libpam has no pam_start_confdir (Linux-PAM 1.4 or later)",
        why "The libpam of this machine takes services from /etc/pam.d only.",
        todo "Update Linux-PAM, or take `pam-confdir=` out.";
    warn file_insecure(reason: impl Display) "PAM service file: {reason}",
        why INSECURE,
        todo AS_IT_SAYS;
    warn directory_insecure(reason: impl Display) "directory of PAM services: {reason}",
        why INSECURE,
        todo AS_IT_SAYS;
    warn confdir_insecure(reason: impl Display) "option 'pam-confdir': {reason}",
        why INSECURE,
        todo AS_IT_SAYS;

    warn service_missing(file: &str, other: &str) "the PAM service file {file} is missing: {other}",
        why "There is no such PAM service. PAM takes the stack of `other` instead, which checks system accounts on Debian and Ubuntu and mostly refuses everybody elsewhere.",
        todo "Create the file, or correct the service name in the plugin line.";
    warn include_missing(name: &str, from: impl Display, missing: impl Display)
        "PAM service '{name}': {from} includes '{missing}', which is missing; correct that line",
        why "PAM reads the service and all that it includes for each login, and refuses it if a part is missing.",
        todo "Create the file that is included, or correct the line.";
    warn bad_line(name: &str, file: impl Display, number: usize, what: &str)
        "PAM service '{name}': {file}:{number} {what}, so every login will be refused; correct that line",
        why "PAM cannot read this line, and takes it for a module that refuses.",
        todo "Correct the line: `TYPE CONTROL MODULE [ARGUMENT]...`, as in pam.conf(5).";
    warn bad_module(name: &str, module: impl Display, fault: impl Display, file: impl Display)
        "PAM service '{name}': module {module} {fault}; install it, or correct the line in {file}",
        why "PAM cannot load this module, and refuses where the line is required.",
        todo "Install the package that has the module, or correct the line.";
    warn phase_missing(name: &str, phase: &str, other: &str)
        "PAM service '{name}': it has no {phase} lines, {other}; add {phase} lines",
        why "PAM takes the lines of `other` where a service has none of a type, and these mostly refuse everybody.",
        todo "Add lines of this type to the service.";
}
