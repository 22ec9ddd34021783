//! The lines that the SDK itself logs, in any plugin, each once with what it means: for the command `ovpn-plugin` and
//! the documents. Nothing here is for plugins.
//!
//! They stand in this crate, since who changes one has to change what explains it. The crate `log-lines` depends on
//! `log` only, as this one does, and the tables are left out of a plugin by the linker: only the command refers to them.

use std::fmt::Display;

const TO_THE_AUTHORS: &str = "Report it to the plugin's authors, with the lines around it.";
const TMP_DIR: &str =
    "Look at OpenVPN's `tmp-dir`: it must be writable after `user` and `chroot`, and not full.";
const ANOTHER_PLUGIN: &str = "OpenVPN makes one such file for all plugins, and something was in it already: from another plugin, or \
     from an earlier answer. So the verdict was changed to a refusal.";
const ONE_DECIDES: &str = "Have one plugin decide: look which other `plugin` lines there are. If this is the only one, report it to its authors.";
const NOT_OPENVPN: &str = "Whatever has loaded the plugin does not call it as OpenVPN does, or is an OpenVPN that the plugin does not know.";
const WHICH_OPENVPN: &str = "Compare the OpenVPN version with those that the plugin supports.";

log_lines::lines! {
    /// What the SDK logs.
    pub static LINES: "Lines of the SDK";

    error rejection_unwritable(error: impl Display) "the rejection of a login cannot be written: {error}",
        why "OpenVPN does not learn of it, and refuses the login when its time is over.",
        todo TMP_DIR;
    error refusal_unwritable(error: impl Display) "the refusal of a client cannot be written: {error}",
        why "OpenVPN does not learn of it, and refuses the client when its time is over.",
        todo TMP_DIR;
    warn reason_lost(error: impl Display) "the reason of a rejection is lost: {error}",
        why "The login was refused, and the client is not told why: OpenVPN's file for the reason cannot be written.",
        todo TMP_DIR;
    error control_file_used() "login rejected: another plugin or an earlier answer has used its control file",
        why ANOTHER_PLUGIN,
        todo ONE_DECIDES;
    error deferred_file_used() "client refused: another plugin or an earlier answer has used its deferred file",
        why ANOTHER_PLUGIN,
        todo ONE_DECIDES;

    error deferred_again()
        "refused: the deferral of a connecting client is no reply to CLIENT_CONNECT_DEFER: reply AskAgain",
        why "The plugin answers OpenVPN's second question about a client as it may answer the first one only.",
        todo TO_THE_AUTHORS;
    error deferred_by_nobody()
        "refused: Deferral::by_hand, but nothing is in the client's deferred file: OpenVPN would let it in",
        why "The plugin says that the verdict comes later, and has not prepared the file for it.",
        todo TO_THE_AUTHORS;
    error nobody_to_ask_again(event: impl Display, method: &str)
        "refused: the reply AskAgain needs the event {event}: the plugin has no method {method}, or OpenVPN no such event",
        why "The plugin wants to be asked again about a client, and this OpenVPN cannot do that, or the plugin does not listen.",
        todo "Use OpenVPN 2.5 or later. If that does not help, report it to the plugin's authors.";

    error no_questions() "rejected: questions to clients need OpenVPN 2.6",
        why "The plugin asks the client something while its login is pending, and this OpenVPN cannot pass that on.",
        todo "Update OpenVPN to 2.6 or later, or turn questions off in the plugin.";
    warn client_cannot_be_asked(method: impl Display) "rejected: the client does not support '{method}'",
        why "The client has not announced (IV_SSO) that it can be asked in this way. OpenVPN would refuse it too.",
        todo "Update the client, or use a client that can: `crtext` needs OpenVPN 2.5 with a graphical program, or OpenVPN Connect.";
    error question_unwritable(path: impl Display, error: impl Display) "rejected: the question to the client cannot be written: {path}: {error}",
        why "OpenVPN's file for the question to the client cannot be written.",
        todo TMP_DIR;

    warn no_events() "OpenVPN passes no event to this plugin: it wants none of those there are",
        why "The plugin is loaded and does nothing: it was made for events that this OpenVPN does not have, or for none.",
        todo "Update OpenVPN, or take the plugin line out.";
    error opened_without_arguments(version: i32)
        "open: the host passed no arguments or struct version {version}",
        why NOT_OPENVPN,
        todo WHICH_OPENVPN;
    error called_without_arguments(version: i32)
        "event: the host passed no arguments, no handle or struct version {version}",
        why NOT_OPENVPN,
        todo WHICH_OPENVPN;
    error no_list() "cannot pass the client's configuration on: no list from the host, or no memory",
        why "The client is refused, since it would not get its options.",
        todo "Look at the memory that is left, and at MemoryMax= of OpenVPN's unit.";

    error tasks_before_daemon(names: impl Display)
        "tasks were started before OpenVPN became a daemon and do not run any more, start them in Plugin::start: {names}",
        why "When OpenVPN becomes a daemon, only one thread stays. What these tasks do for the plugin is not done any more.",
        todo "Report it to the plugin's authors. Until they have mended it, run OpenVPN without `daemon`, as systemd's units do.";
    error task_holds_itself(name: &str)
        "the task '{name}' holds the tasks it is one of, and is not waited for",
        why "The plugin has given a thread what ends that thread. It may still run while the plugin is unloaded, and crash OpenVPN then.",
        todo TO_THE_AUTHORS;
    warn tasks_do_not_end(seconds: u64, names: impl Display)
        "OpenVPN waits for tasks that do not end, told to {seconds} s ago: {names}",
        why "OpenVPN closes the plugin, and threads of it are still at work. OpenVPN stands still until they end.",
        todo "Look at what these tasks wait for, such as a server that does not answer. Report it to the plugin's authors: a task has to end when it is told to.";

    error not_a_fork() "in_forked_child was called in OpenVPN's own process: nothing is done",
        why "The plugin takes OpenVPN's process for one that it has forked.",
        todo TO_THE_AUTHORS;
    warn lines_of_threads_lost(lost: u64, most: usize)
        "{lost} log lines of threads are lost: {most} were waiting for OpenVPN's next call",
        why "Threads of the plugin log faster than OpenVPN takes it, or before it has called the plugin for the first time.",
        todo "Lower `verb`, or have the plugin log less.";
    info asks_where_the_log_is()
        "lines of this plugin's threads go to the log, and not to the management interface",
        why "The SDK looks by this line where OpenVPN writes its log. It shows at the management interface only.",
        todo "Nothing.";
}
