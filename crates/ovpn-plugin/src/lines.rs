//! The lines that the SDK itself logs, in any plugin, each once with what it means: for the command `ovpn-plugin` and
//! the documents. Nothing here is for plugins.
//!
//! They stand in this crate, because a changed line needs a changed explanation. The crate `log-lines` depends on
//! `log` only, as this one does, and the tables are left out of a plugin by the linker: only the command refers to them.

use std::fmt::Display;

const TO_THE_AUTHORS: &str = "Report it to the plugin's authors, with the lines around it.";
const TMP_DIR: &str =
    "Look at OpenVPN's `tmp-dir`: it must be writable after `user` and `chroot`, and not full.";
const ANOTHER_PLUGIN: &str = "OpenVPN makes one such file for all plugins, and something was in it already: from another plugin, or \
     from an earlier answer. So the verdict was changed to a refusal.";
const CLIENT_WAITS: &str = "OpenVPN does not learn of it. The client waits until it gives up, and `keepalive` ends it at the server.";
const ONE_DECIDES: &str = "Have one plugin decide: look which other `plugin` lines there are. If this is the only one, report it to its authors.";
const NOT_OPENVPN: &str = "The program that has loaded the plugin does not call it as OpenVPN does, or is an OpenVPN that the plugin does not know.";
const WHICH_OPENVPN: &str = "Compare the OpenVPN version with those that the plugin supports.";

log_lines::lines! {
    /// What the SDK logs.
    pub static LINES: "Lines of the SDK";

    error rejection_unwritable(error: impl Display) "the rejection of a login cannot be written: {error}",
        why "OpenVPN does not learn of it, and refuses the login when its time is over.",
        todo TMP_DIR;
    error refusal_unwritable(error: impl Display) "the refusal of a client cannot be written: {error}",
        why CLIENT_WAITS,
        todo TMP_DIR;
    warn reason_lost(error: impl Display) "the reason of a rejection is lost: {error}",
        why "The login was refused, and the client does not learn why: OpenVPN's file for the reason cannot be written.",
        todo TMP_DIR;
    error control_file_used() "login rejected: another plugin or an earlier answer has used its control file",
        why ANOTHER_PLUGIN,
        todo ONE_DECIDES;
    error deferred_file_used() "client refused: another plugin or an earlier answer has used its deferred file",
        why ANOTHER_PLUGIN,
        todo ONE_DECIDES;

    error deferred_again()
        "refused: the deferral of a connecting client is no reply to CLIENT_CONNECT_DEFER: reply AskAgain",
        why "OpenVPN asks about a client a second time, and the plugin gives a reply that only the first time allows.",
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
        "task '{name}': owns the Tasks that it runs in; not waiting for its end",
        why "A thread of the plugin owns what would end it. It may still run while the plugin is unloaded, and crash OpenVPN then.",
        todo TO_THE_AUTHORS;
    warn tasks_do_not_end(seconds: u64, names: impl Display)
        "OpenVPN waits for tasks that were asked to stop {seconds} s ago: {names}",
        why "OpenVPN closes the plugin, and threads of it are still at work. OpenVPN stands still until they end.",
        todo "Look at what these tasks wait for, such as a server that does not answer. Report it to the plugin's authors: a task has to end when the plugin asks it to.";
    warn pool_stays_small(pool: &str, threads: usize, workers: usize, error: impl Display)
        "the pool '{pool}' stays at {threads} threads instead of {workers}: {error}",
        why "The plugin has fewer threads for its logins than it wants, so they take longer.",
        todo "Raise TasksMax= of OpenVPN's unit, or look at the memory that is left.";

    error future_holds_itself() "a future owns the AsyncTasks that it runs in; not waiting for its end",
        why "A future of the plugin owns what would end it. It may still run after the plugin is closed.",
        todo TO_THE_AUTHORS;
    warn futures_do_not_end(unended: impl Display) "OpenVPN waits for futures: {unended}",
        why "OpenVPN closes the plugin, and some of its work goes on. OpenVPN stands still until it ends.",
        todo "Look at what is waited for, such as a server that does not answer.";
    error futures_left_alone(unended: impl Display, seconds: u64)
        "{unended}; left alone after {seconds} s, and the plugin's code stays in memory for it",
        why "Work of the plugin did not end when OpenVPN closed it. The logins it was about are rejected.",
        todo "Restart OpenVPN to be rid of it. Report it to the plugin's authors: such a call needs a time limit.";
    error futures_before_daemon()
        "futures were started before OpenVPN became a daemon and do not run any more, start them in Plugin::start",
        why "When OpenVPN becomes a daemon, only one thread stays. What these futures do for the plugin is not done any more.",
        todo "Report it to the plugin's authors. Until they have mended it, run OpenVPN without `daemon`, as systemd's units do.";

    error verdict_of_another_event() "rejected: a verdict on another event's answer is no reply to a login",
        why "The plugin replies to a login with what it has decided about another one.",
        todo TO_THE_AUTHORS;
    error verdict_of_a_login() "a verdict on a login is no reply to the answer of another one",
        why "The plugin replies to an answer with what it has decided about a login.",
        todo TO_THE_AUTHORS;
    info answer_refused(why: impl Display) "login refused: {why}",
        why "The answer to a question of the plugin is not one that counts.",
        todo "Nothing, if the person has made a mistake. Many of them from one address may be an attack.";
    warn too_many_questions() "login refused for now: too many open questions",
        why "As many people are being asked for a second factor as the plugin allows, in all or with one name. The client tries again later.",
        todo "If it goes on: look in the log whether one name or address asks again and again.";
    warn question_gives_way() "too many open questions: dropping the oldest one of the address with the most",
        why "Somebody is asked for a second factor, and others of one address have taken the room for it. One of these has to log in again.",
        todo "Look in the log which name or address asks again and again: somebody may know a password there and no second factor.";
    error panic(what: &str, place: impl Display, text: impl Display) "panic in {what}{place}: {text}",
        why "The plugin has run into a mistake of its own. The event was answered with the safe answer, and the plugin stays in use.",
        todo TO_THE_AUTHORS;
    error panic_elsewhere(what: &str, place: impl Display, text: impl Display) "panic in a {what} the plugin{place}: {text}",
        why "A thread or process of the plugin has run into a mistake of its own, and has ended. What it had not decided is rejected.",
        todo TO_THE_AUTHORS;
    error panic_of_payload(what: &str) "panic in {what}: its payload panics when it is dropped",
        why "The plugin has run into two mistakes of its own, one after the other.",
        todo TO_THE_AUTHORS;
    error two_panics(first: impl Display, second: impl Display)
        "two panics at once end OpenVPN: the first{first}, the second{second}, in a destructor",
        why "The plugin has run into a mistake of its own, and into another one while it cleaned up. Nothing can stop that: OpenVPN ends.",
        todo "Take the plugin out until its authors have mended it.";

    error event_failed(event: impl Display, error: impl Display) "{event} failed: {error}",
        why "The plugin could not do its part of this event. OpenVPN got the safe answer: the login or client is refused.",
        todo "Look at what the error names, such as a server or a file.";
    error no_method(method: &str) "OpenVPN passed an event for which the plugin has no method {method}: rejected",
        why NOT_OPENVPN,
        todo TO_THE_AUTHORS;
    error unknown_event(number: i32) "event {number} is not known to this plugin: answered with failure",
        why NOT_OPENVPN,
        todo WHICH_OPENVPN;
    error cannot_start(error: impl Display) "cannot start: {error}",
        why "The plugin was loaded, and what it needs before the first event failed. Each event fails until it works.",
        todo "Look at what the error names, such as a server or a file.";
    warn held_up(event: impl Display, seconds: impl Display, advice: &str)
        "{event} blocked OpenVPN for {seconds} s; no client was served meanwhile{advice}",
        why "OpenVPN has one thread. While a plugin works on an event, no packet of any client passes.",
        todo "Turn deferred mode on, if the plugin has one. Else look at what it waits for.";
    error state_is_borrowed()
        "the state of this client is borrowed already: end that borrow before `client` is called again",
        why "The plugin wants what it keeps for a client while it holds it already, and goes on without it.",
        todo TO_THE_AUTHORS;
    warn nobody_takes_the_answer()
        "the client is asked, but the plugin has no method client_crresponse: nobody takes the answer",
        why "The person at the client answers, and OpenVPN has nobody to give the answer to. The login ends when its time is over.",
        todo TO_THE_AUTHORS;

    error deferral_of_another_call()
        "rejected: the deferral in the reply is not the one that `defer` gave in this call",
        why "The plugin says that it decides later, and has taken another login for this one.",
        todo TO_THE_AUTHORS;
    error deferred_unwritable(error: impl Display) "rejected: the verdict cannot be written: {error}",
        why "OpenVPN's file for the verdict cannot be written.",
        todo TMP_DIR;
    error deferred_and_answered(what: &str) "rejected: the handler deferred the {what} and then answered directly",
        why "The plugin says both that it decides now and that it decides later. Only a refusal is safe then.",
        todo TO_THE_AUTHORS;
    info login_rejected(reason: impl Display) "login rejected, with the reason: {reason}",
        why "The plugin has rejected this login, and the client gets the reason.",
        todo "Nothing, if the person has made a mistake. Many of them from one address may be an attack.";
    error job_rejects(error: impl Display) "login rejected: {error}",
        why "What decides logins has failed, and the login is rejected to be safe.",
        todo "Look at what the error names, such as a server or a file.";
    error job_refuses(error: impl Display) "client refused: {error}",
        why "What makes the options of clients has failed, and the client is refused to be safe.",
        todo "Look at what the error names, such as a server or a file.";
    error verdict_untold(error: impl Display) "cannot tell OpenVPN the verdict: {error}",
        why "OpenVPN does not learn of the verdict. It refuses a login when its time is over; a client that connects waits until it gives up.",
        todo TMP_DIR;
    warn login_forgotten() "login rejected: the decision was dropped undecided",
        why "The plugin was to decide this login later, and has lost it. The login is rejected to be safe.",
        todo TO_THE_AUTHORS;
    warn client_forgotten() "client refused: the decision was dropped undecided",
        why "The plugin was to decide later about this client, and has lost it. The client is refused to be safe.",
        todo TO_THE_AUTHORS;
    error job_not_started(error: impl Display) "refused: the job cannot be started: {error}",
        why "As many logins are being decided as the plugin allows, or there can be no more threads. A login may come again.",
        todo "If it goes on: look at what the logins wait for, raise the plugin's limit, or TasksMax= of OpenVPN's unit.";

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
