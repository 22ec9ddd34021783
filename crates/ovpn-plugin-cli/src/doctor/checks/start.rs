//! What a plugin itself says when it is opened. That is asked of the plugins of this project only: opening them starts
//! nothing that stays, and they know their own options best.

use std::path::Path;

use ovpn_plugin_host::LogLine;

use crate::causes;
use crate::doctor::finding::Finding;
use crate::doctor::plugin::is_option;
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
    if let Some(died) = &start.died {
        let file = line.file.display();
        return vec![
            Finding::error("plugin-crashes", format!("{file} does not come back from its start: {died}"))
                .at(&line.place)
                .why("OpenVPN waits for it, or goes down with it.")
                .todo("Report that to the plugin's authors, with this line and what it names."),
        ];
    }
    let script_is_told =
        line.scripts.iter().any(|it| it.state != ScriptState::Good || !it.problems.is_empty());
    let told = |text: &str| {
        TOLD_BY_OTHERS.iter().any(|words| text.contains(words)) || (script_is_told && text.contains(SCRIPT))
    };
    let lines = start.log.iter().filter(|logged| logged.is_error() || logged.is_warning());
    let mut findings: Vec<Finding> = lines
        .filter(|logged| !told(&logged.text))
        .map(|logged| of_log(line, logged, start.refused && logged.is_error()))
        .collect();
    findings.dedup();
    findings
}

/// Plugins that refuse to start, for reasons that no other check tells.
pub(super) fn refused(setup: &Setup) -> Vec<Finding> {
    let refused = setup.plugins.iter().filter(|line| line.start.as_ref().is_some_and(|start| start.refused));
    refused
        .map(|line| {
            let mut log = line.start.iter().flat_map(|start| &start.log);
            match log.rfind(|logged| logged.is_error()) {
                Some(logged) => of_log(line, logged, true),
                None => Finding::error("plugin-refuses", "the plugin refuses to start, and does not say why")
                    .at(&line.place)
                    .why("OpenVPN does not start.")
                    .todo(format!("See what it does: ovpn-plugin check --verb 11 {}", line.file.display())),
            }
        })
        .collect()
}

/// What a line of the plugin's log says, for the line that opens it or the one of the options file that it names.
fn of_log(line: &PluginLine, logged: &LogLine, refuses: bool) -> Finding {
    let cause = causes::in_log(std::iter::once(logged)).into_iter().next();
    let (place, text) = place_in(&logged.text);
    let text = without_values(text);
    let (what, advice) = match text.split_once("; ") {
        Some((what, advice)) if cause.is_none() => (what, capitalised(advice)),
        _ => (text.as_str(), "Correct the word that this names.".to_owned()),
    };
    let (why, todo) = match cause {
        Some(cause) => (cause.why, cause.todo),
        None if refuses => (String::new(), advice),
        None => ("The plugin says so when it is opened.".to_owned(), advice),
    };
    let (found, why) = if refuses {
        let why = format!("{why} OpenVPN does not start.").trim_start().to_owned();
        (Finding::error("plugin-refuses", what), why)
    } else {
        (Finding::warning("plugin-warns", what), why)
    };
    let found = match place {
        Some((file, number)) => found.in_file(Path::new(file), number),
        None => found.at(&line.place),
    };
    found.why(why).todo(todo)
}

/// The place at the beginning of a text, if there is one: `/etc/openvpn/auth-pam.conf:5: what is wrong`.
fn place_in(text: &str) -> (Option<(&str, usize)>, &str) {
    let place = text.split_once(": ").filter(|_| text.starts_with('/')).and_then(|(place, rest)| {
        let (file, number) = place.rsplit_once(':')?;
        Some(((file, number.parse().ok()?), rest))
    });
    place.map_or((None, text), |(place, rest)| (Some(place), rest))
}

/// Without what stands behind the `=` of unknown options, or in the place of a name: it may be a secret that was
/// misplaced. And without the list of all options, which is longer than the screen is wide.
fn without_values(text: &str) -> String {
    let text = text.split("; known are ").next().unwrap_or_default().replace(" (os error 2)", "");
    for (before, after) in [("unknown option '", "'"), ("name '", "' has no value")] {
        let quoted = text.split_once(before).and_then(|(head, rest)| {
            let at = rest
                .rfind(after)
                .filter(|_| after.len() > 1)
                .or_else(|| rest.find("'; ").or(rest.rfind(after)))?;
            Some((head, &rest[..at], &rest[at..]))
        });
        if let Some((head, word, tail)) = quoted {
            let shown = match word.split_once('=') {
                Some((name, _)) if is_option(word.as_bytes()) => format!("{name}=..."),
                _ if after.len() == 1 || word.bytes().all(|byte| byte.is_ascii_lowercase()) => {
                    word.to_owned()
                }
                _ => "...".to_owned(),
            };
            return format!("{head}{before}{shown}{tail}");
        }
    }
    text
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    let end = if text.ends_with(['.', '?']) { "" } else { "." };
    first.into_iter().flatten().chain(chars).chain(end.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_an_unknown_option_is_repeated() {
        for (text, shown) in [
            ("unknown option 'pasword=hunter2'; known are a=b c=d", "unknown option 'pasword=...'"),
            (
                "unknown option 'defered=hunter2'; did you mean deferred=yes|no?",
                "unknown option 'defered=...'; did you mean deferred=yes|no?",
            ),
            ("unknown option 'x=it's'; did you mean y?", "unknown option 'x=...'; did you mean y?"),
            ("name 'Hunter2' has no value: pairs", "name '...' has no value: pairs"),
            ("name 'x=hunter2' has no value: pairs", "name 'x=...' has no value: pairs"),
            ("name 'code' has no value: pairs", "name 'code' has no value: pairs"),
            ("option 'timeout=x': no number", "option 'timeout=x': no number"),
        ] {
            assert_eq!(without_values(text), shown);
        }
    }

    #[test]
    fn the_place_is_that_of_the_options_file() {
        assert_eq!(place_in("/etc/a.conf:5: bad"), (Some(("/etc/a.conf", 5)), "bad"));
        assert_eq!(place_in("options file: /etc/a.conf: missing").0, None);
        assert_eq!(place_in("/etc/a.conf: bad").0, None);
    }
}
