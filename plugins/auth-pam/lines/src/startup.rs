//! What is said when the plugin is opened.

use std::fmt::Display;

const INSECURE: &str = "Anybody who can change this decides what PAM does, and so who gets in.";
const AS_IT_SAYS: &str =
    "Run the command in the line. If a program needs to write there, let it write somewhere else.";

log_lines::lines! {
    /// When the plugin is opened.
    pub static LINES: "When the plugin is opened";

    info initialized(service: &str) "initialization succeeded: PAM service '{service}'";
    info deferred_may_take(limit: &str) "a deferred login may take {limit}";
    warn line_is_full(single: usize, quoted: usize)
        "the plugin line is full: OpenVPN passes at most {single} words after the plugin's path ({quoted} in one pair of quotes) and drops the rest",
        why "OpenVPN silently drops any further words of a plugin line.",
        todo "Put options and pairs into a file, one per line, and name it in the plugin line: options=/etc/openvpn/auth-pam.conf";
    warn not_root(uid: impl Display)
        "OpenVPN is not root: PAM modules run as user {uid}, and most cannot check passwords; start OpenVPN as root with 'user' in its configuration, and restart it instead of sending SIGHUP",
        why "The plugin's processes get the rights that OpenVPN has when it opens the plugin.",
        todo "Start OpenVPN as root, with `user` in its configuration. Restart it instead of sending SIGHUP.";
    warn too_old(openvpn: &str, without_effect: &str)
        "{openvpn} cannot pass questions or reasons to clients, so these options have no effect: {without_effect}; use OpenVPN 2.6 or later",
        why "OpenVPN before 2.6 gives plugins no way to tell a client anything.",
        todo "Update OpenVPN to 2.6 or later, or remove the options.";
    warn stands_still()
        "session: OpenVPN before 2.5 stands still while PAM opens a session; use OpenVPN 2.5 or later",
        why "OpenVPN before 2.5 cannot let a client wait.",
        todo "Update OpenVPN to 2.5 or later.";
    warn no_sessions_to_count()
        "max-sessions and max-sessions-per-user have no effect without session=yes",
        why "These options limit sessions, and PAM opens none.",
        todo "Add `session=yes`, or remove the option.";
    info counted_by_kernel()
        "if OpenVPN uses data channel offload, the byte counts of sessions may be too low or zero; disable-dco in its configuration turns it off",
        why "With data channel offload the kernel forwards the packets, and its counters arrive late.",
        todo "If the numbers matter, add `disable-dco` to OpenVPN's configuration.";
    info configuration_unread(unread: impl Display)
        "cannot read OpenVPN's configuration: {unread}; if hand-window is not 60, set timeout to 10 s less than it",
        why "The plugin reads there how long OpenVPN waits for a deferred verdict.",
        todo "If `hand-window` is not 60, set `timeout=` to 10 s less than it.";
    warn timeout_too_long(word: u64, seconds: u64)
        "option 'timeout={word}': OpenVPN gives up a deferred login after {seconds} s (hand-window, or half of reneg-sec); set a lower timeout, or raise hand-window on the server and the clients",
        why "OpenVPN gives up before the plugin does, so the client waits in vain.",
        todo "Set a lower `timeout=`, or raise `hand-window` on the server and the clients.";
    error another_defers(remedy: &str)
        "another plugin line already defers logins, and OpenVPN exits if two do: {remedy}, or make one PAM service of both",
        why "OpenVPN does not allow two plugins to defer the same login.",
        todo "Set `deferred=no` in one of the lines, or make one PAM service of both.";
    error no_confdir() "option 'pam-confdir': this libpam has no pam_start_confdir (Linux-PAM 1.4 or later)",
        why "The libpam of this machine reads services only from /etc/pam.d.",
        todo "Update Linux-PAM, or remove `pam-confdir=`.";
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
        why "There is no such PAM service, so PAM uses the stack of `other`. On Debian and Ubuntu that checks system accounts; elsewhere it usually refuses everybody.",
        todo "Create the file, or correct the service name in the plugin line.";
    warn include_missing(name: &str, from: impl Display, missing: impl Display)
        "PAM service '{name}': {from} includes '{missing}', which is missing; correct that line",
        why "For each login PAM reads the service and all that it includes. If a part is missing, PAM refuses the login.",
        todo "Create the included file, or correct the line.";
    warn bad_line(name: &str, file: impl Display, number: usize, what: &str)
        "PAM service '{name}': {file}:{number} {what}, so every login will be refused; correct that line",
        why "PAM cannot read this line, and treats it as a module that refuses.",
        todo "Correct the line: `TYPE CONTROL MODULE [ARGUMENT]...`, as in pam.conf(5).";
    warn bad_module(name: &str, module: impl Display, fault: impl Display, file: impl Display)
        "PAM service '{name}': module {module} {fault}; install it, or correct the line in {file}",
        why "PAM cannot load this module. If the line is required, PAM refuses every login.",
        todo "Install the package with the module, or correct the line.";
    warn phase_missing(name: &str, phase: &str, other: &str)
        "PAM service '{name}': it has no {phase} lines, {other}; add {phase} lines",
        why "If a service has no lines of a type, PAM uses those of `other`, which usually refuse everybody.",
        todo "Add lines of this type to the service.";
}
