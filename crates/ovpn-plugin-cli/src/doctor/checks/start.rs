//! What a plugin itself says when it is opened. That is asked of the plugins of this project only: opening them starts
//! nothing that stays, and they know their own options best.

use crate::causes;
use crate::doctor::finding::Finding;
use crate::doctor::setup::{PluginLine, ScriptState, Setup};

/// Words of lines about what other checks tell, with the line of the file in question.
const TOLD_BY_OTHERS: [&str; 14] = [
    "the PAM service file",
    "PAM service file: ",
    "directory of PAM services",
    "option 'pam-confdir'",
    ", which is missing; correct that line",
    "install it, or correct the line in",
    "so every login will be refused; correct that line",
    "': it has no ",
    "tmp-dir ",
    "another plugin line defers logins already",
    "OpenVPN gives a deferred login up after",
    "has no root privileges",
    "PAM service name is missing",
    "can be crashed by a malformed token",
];

/// The same of down-root's scripts.
const SCRIPT: &str = " script '";

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    // Of a script that the unit hides another check tells.
    let hidden = |line: &PluginLine| line.scripts.iter().any(|script| setup.hides(&script.path));
    setup.plugins.iter().filter(|line| !hidden(line)).flat_map(of_line).collect()
}

fn of_line(line: &PluginLine) -> Vec<Finding> {
    // If words are missing, what the plugin makes of the rest says little.
    let Some(start) = line.start.as_ref().filter(|_| line.dropped == 0) else { return Vec::new() };
    let script_is_told =
        line.scripts.iter().any(|it| it.state != ScriptState::Good || !it.problems.is_empty());
    let told = |text: &str| {
        TOLD_BY_OTHERS.iter().any(|words| text.contains(words)) || (script_is_told && text.contains(SCRIPT))
    };
    let lines = start.log.iter().filter(|logged| logged.is_error() || logged.is_warning());
    let mut findings: Vec<Finding> = lines
        .filter(|logged| !told(&logged.text))
        .map(|logged| {
            let text = logged.text.clone();
            let cause = causes::in_log(std::iter::once(logged)).into_iter().next();
            let refuses = start.refused && logged.is_error();
            let found = if refuses {
                Finding::error("plugin-refuses", text)
            } else {
                Finding::warning("plugin-warns", text)
            };
            let (why, todo) = match cause {
                Some(cause) => (cause.why, cause.todo),
                None => {
                    ("The plugin says so when it is opened.".to_owned(), "Do what the line says.".to_owned())
                }
            };
            let why = if refuses { format!("{why} OpenVPN does not start.") } else { why };
            found.at(&line.place).why(why).todo(todo)
        })
        .collect();
    findings.dedup();
    findings
}
