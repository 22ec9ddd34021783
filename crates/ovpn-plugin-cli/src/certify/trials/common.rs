//! What several trials do.

use std::collections::BTreeSet;
use std::time::Duration;

use ovpn_plugin_host::{
    FuncResult, Life, LogLine, Login, OpenFailed, OpenPlugin, Plugin, Step, event_name, sys,
};

use super::Subject;
use crate::certify::trial_process::TrialProcess;
use crate::redaction::from_plugin;

/// How often is looked for what may come.
const LOOK: Duration = Duration::from_millis(20);

/// Looks for `time` whether it is so. Looks are counted, not time: a busy machine holds them up as it does the plugin.
pub(super) fn look_for(time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let looks = time.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        if is_so() {
            return true;
        }
        std::thread::sleep(LOOK);
    }
    is_so()
}

/// Opens the plugin; its log is a new one in the process's directory.
pub(super) fn open(process: &TrialProcess, plugin: &Plugin) -> Result<OpenPlugin, String> {
    process.report.at("open");
    plugin.clone().log_to(process.new_log()).open().map_err(|error| refusal(&error))
}

/// Why OpenVPN would not start, with the plugin's last words.
pub(super) fn refusal(error: &OpenFailed) -> String {
    let OpenFailed::Refused { result, log } = error else { return error.to_string() };
    let refuses = match result {
        FuncResult::Success => "it gives no handle, which OpenVPN takes for a refusal".to_owned(),
        result => format!("its open answers {result:?}"),
    };
    let said = log.iter().rfind(|line| line.is_error()).or(log.last());
    said.map_or(refuses.clone(), |LogLine { text, .. }| format!("{refuses}: {}", from_plugin(text)))
}

/// Opens it for a trial that makes sense only if that works; says so if it does not.
pub(super) fn open_again(process: &TrialProcess, subject: &Subject, id: &str) -> Option<OpenPlugin> {
    open_as(process, &subject.plugin, id)
}

/// The same for a plugin with other words.
pub(super) fn open_as(process: &TrialProcess, plugin: &Plugin, id: &str) -> Option<OpenPlugin> {
    open(process, plugin).map_err(|why| process.report.fail(id, format!("it does not open: {why}"))).ok()
}

/// The life of a server with a client; the report says what was done last.
pub(super) fn live(process: &TrialProcess, subject: &Subject, plugin: &OpenPlugin) -> Result<Life, String> {
    live_seen(process, subject, plugin, &mut |_| ())
}

/// The same with this login.
pub(super) fn live_as(
    process: &TrialProcess,
    login: &Login,
    patience: Duration,
    plugin: &OpenPlugin,
) -> Result<Life, String> {
    process.report.at("a client that has a response");
    plugin.server_life(login, patience).map_err(|error| error.to_string())
}

/// The same, and `after` is called after each event.
pub(super) fn live_seen(
    process: &TrialProcess,
    subject: &Subject,
    plugin: &OpenPlugin,
    after: &mut dyn FnMut(i32),
) -> Result<Life, String> {
    process.report.at("the first event");
    let mut see = |step: &Step| {
        process.report.at(&format!("what follows {}", name(step.event)));
        after(step.event);
    };
    plugin.server_life_seen(&subject.login, subject.patience, &mut see).map_err(|error| error.to_string())
}

pub(super) fn name(event: i32) -> &'static str {
    event_name(event).unwrap_or("an unknown event")
}

/// The events of a life that failed, and whether the client got in.
pub(super) fn failures(life: &Life) -> (BTreeSet<&'static str>, bool) {
    let fails = |result| !matches!(result, FuncResult::Success | FuncResult::Deferred);
    let failed = life.steps.iter().filter(|step| fails(step.reply.result)).map(|step| name(step.event));
    (failed.collect(), life.connected)
}

/// What goes worse in `after` than in `before`.
pub(super) fn worse(before: &Life, after: &Life) -> Option<String> {
    let ((failed_before, in_before), (failed, is_in)) = (failures(before), failures(after));
    let new: Vec<_> = failed.difference(&failed_before).copied().collect();
    match new.as_slice() {
        [] if in_before && !is_in => Some("the client does not get in".to_owned()),
        [] => None,
        new => Some(format!("it answers an error at {}", new.join(", "))),
    }
}

/// Whether the plugin decides about logins.
pub(super) fn logs_in(plugin: &OpenPlugin) -> bool {
    plugin.wants(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
}

/// Fails if a thread of the plugin's has logged.
pub(super) fn log_of_threads(process: &TrialProcess, plugin: &OpenPlugin) {
    let lines = plugin.lines_of_threads();
    let what = (lines > 0).then(|| format!("{lines} lines came from other threads"));
    process.report.fail_if_any("log-threads", what);
}
