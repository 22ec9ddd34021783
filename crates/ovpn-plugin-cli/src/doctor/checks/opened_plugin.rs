//! What a plugin itself says when it is opened. That is asked of the plugins of this project only: opening them starts
//! nothing that stays, and they know their own options best.

use std::path::Path;

use auth_pam_lines::{configuration, passwordless, startup};
use down_root_lines::{processes, startup as down_root_startup};
use log_lines::Declared;
use ovpn_plugin_host::LogLine;

use crate::causes;
use crate::doctor::finding::Finding;
use crate::doctor::read_plugin::is_option;
use crate::doctor::setup::{PluginLine, ScriptState, Setup};

/// Lines about what other checks tell, with the line of the file in question.
static REPORTED_BY_OTHER_CHECKS: [&Declared; 13] = [
    startup::LINES.line("service_missing"),
    startup::LINES.line("include_missing"),
    startup::LINES.line("bad_line"),
    startup::LINES.line("bad_module"),
    startup::LINES.line("phase_missing"),
    startup::LINES.line("file_insecure"),
    startup::LINES.line("directory_insecure"),
    startup::LINES.line("confdir_insecure"),
    startup::LINES.line("another_defers"),
    startup::LINES.line("timeout_too_long"),
    startup::LINES.line("not_root"),
    configuration::LINES.line("no_service"),
    passwordless::LINES.line("malformed_token_crashes"),
];

/// The same of down-root.
static REPORTED_OF_DOWN_ROOT: &Declared = processes::LINES.line("not_root");

/// What down-root says of a script of which another check tells.
static SCRIPT: &Declared = down_root_startup::LINES.line("unusable");

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
            Finding::error("plugin-crashes", format!("{file} fails when it is opened: {died}"))
                .at(&line.place)
                .why("OpenVPN would hang or crash with it.")
                .todo(
                    "Report it to the plugin's authors, with this plugin line and the files that it names.",
                ),
        ];
    }
    let script_is_reported =
        line.scripts.iter().any(|it| it.state != ScriptState::Good || !it.problems.is_empty());
    let reported = |logged: &LogLine| {
        causes::declaration(logged).is_some_and(|line| is_reported(line, script_is_reported))
    };
    let lines = start.log.iter().filter(|logged| logged.is_error() || logged.is_warning());
    let mut findings: Vec<Finding> = lines
        .filter(|logged| !reported(logged))
        .map(|logged| of_log(line, logged, start.refused && logged.is_error()))
        .collect();
    findings.dedup();
    findings
}

/// Whether another check tells of it.
fn is_reported(line: &Declared, script_is_reported: bool) -> bool {
    REPORTED_BY_OTHER_CHECKS.contains(&line)
        || line == REPORTED_OF_DOWN_ROOT
        || openvpn_config::lines::LINES.has(line)
        || (script_is_reported && line == SCRIPT)
}

/// Plugins that refuse to start, for reasons that no other check tells.
pub(super) fn refused(setup: &Setup) -> Vec<Finding> {
    let refused = setup.plugins.iter().filter(|line| line.start.as_ref().is_some_and(|start| start.refused));
    refused
        .map(|line| {
            let mut log = line.start.iter().flat_map(|start| &start.log);
            match log.rfind(|logged| logged.is_error()) {
                Some(logged) => of_log(line, logged, true),
                None => Finding::error("plugin-refuses", "the plugin refuses to start, and does not log why")
                    .at(&line.place)
                    .why("OpenVPN does not start.")
                    .todo(format!(
                        "See its debug messages: ovpn-plugin check --verb 11 {}",
                        line.file.display()
                    )),
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
        _ => (text.as_str(), "Correct the word that this line names.".to_owned()),
    };
    let (why, todo) = match cause {
        Some(cause) => (cause.why, cause.todo),
        None if refuses => (String::new(), advice),
        None => ("The plugin logs this when it is opened.".to_owned(), advice),
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

    /// Made by the lines themselves: none can be reworded so that it gives a value away.
    #[test]
    fn no_value_of_an_unknown_option_is_repeated() {
        let unknown =
            |word: &str, nearest: &str| plugin_options::lines::unknown("", word, nearest).to_string();
        let odd = |word: &str| configuration::odd_pairs("", word).to_string();
        let (meant, known) = ("did you mean deferred=yes|no?", "known are a=b c=d");
        for (text, shown) in [
            (unknown("pasword=hunter2", known), unknown("pasword=...", "").trim_end_matches("; ").to_owned()),
            (unknown("defered=hunter2", meant), unknown("defered=...", meant)),
            (unknown("x=it's", "did you mean y?"), unknown("x=...", "did you mean y?")),
            (odd("Hunter2"), odd("...")),
            (odd("x=hunter2"), odd("x=...")),
            (odd("code"), odd("code")),
            ("option 'timeout=x': no number".to_owned(), "option 'timeout=x': no number".to_owned()),
        ] {
            assert_eq!(without_values(&text), shown);
        }
    }

    /// What the plugins say of what other checks tell, and of what only they know.
    #[test]
    fn lines_that_other_checks_tell_are_left_out() {
        let reported = |name: &str, text: &str, script: bool| {
            let line = LogLine { flags: 2, name: name.into(), text: text.into() };
            causes::declaration(&line).is_some_and(|line| is_reported(line, script))
        };
        for text in [
            startup::service_missing("/etc/pam.d/vpn", "why").to_string(),
            startup::bad_module("vpn", "pam_x.so", "is missing", "/etc/pam.d/vpn").to_string(),
            startup::file_insecure("/x is writable by everybody; run 'chmod o-w /x'").to_string(),
            openvpn_config::lines::read_only("/tmp").to_string(),
        ] {
            assert!(reported("AUTH-PAM", &text, false), "{text}");
        }
        let script = down_root_startup::unusable("down", "x.sh", "it is gone", "").to_string();
        assert_eq!(
            (reported("DOWN-ROOT", &script, true), reported("DOWN-ROOT", &script, false)),
            (true, false)
        );
        assert!(reported("DOWN-ROOT", &processes::not_root("nobody").to_string(), false));
        let own = startup::no_sessions_to_count().to_string();
        assert!(
            !reported("AUTH-PAM", &own, true)
                && !reported("SOMEBODY", "tmp-dir /tmp: is not a directory", true)
        );
    }

    #[test]
    fn the_place_is_that_of_the_options_file() {
        assert_eq!(place_in("/etc/a.conf:5: bad"), (Some(("/etc/a.conf", 5)), "bad"));
        assert_eq!(place_in("options file: /etc/a.conf: missing").0, None);
        assert_eq!(place_in("/etc/a.conf: bad").0, None);
    }
}
