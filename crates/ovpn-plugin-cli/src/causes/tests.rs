//! The words are found, and no line is logged that is declared nowhere.

use super::*;

fn causes(lines: &[&str]) -> Vec<Cause> {
    let line = |text: &&str| LogLine { flags: 1, name: "AUTH-PAM".into(), text: (*text).into() };
    in_log(lines.iter().map(line).collect::<Vec<_>>().iter())
}

#[test]
fn the_telling_words_come_before_the_general_ones() {
    let refused = "BACKGROUND: user 'joe' failed to authenticate: Conversation error";
    let general = causes(&[refused]);
    assert!(general[0].todo.contains("--verb"), "{general:?}");
    let telling = causes(&["BACKGROUND: user 'joe': no answer to the prompt 'Code:': why", refused]);
    assert_eq!(telling.len(), 1);
    assert!(telling[0].why.contains("no NAME"), "{telling:?}");
}

#[test]
fn a_warning_does_not_stand_for_what_is_known_of_a_refusal() {
    let warning = auth_pam_lines::limits::fewer_workers(64, 3, 9).to_string();
    let refused = "BACKGROUND: user 'joe' failed to authenticate: Authentication failure";
    let found = causes(&[&warning, refused]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].why.contains("Usually the password") && found[1].why.contains("two open files"));
}

#[test]
fn pams_words_count_in_the_line_about_the_login_only() {
    assert_eq!(causes(&["cannot open the log: Permission denied"]), []);
    assert_eq!(causes(&["user 'joe' failed to authenticate: Permission denied"]).len(), 1);
}

/// Watchers of logs know these words, too.
#[test]
fn a_login_that_pam_has_refused_is_known_by_its_line() {
    for name in ["failed", "failed_in_background"] {
        let line = auth_pam_lines::attempts::LINES.line(name);
        assert!(line.text.contains(PAM_REFUSED), "{name}");
    }
}

#[test]
fn every_entry_can_be_found() {
    for known in all_known() {
        let line = known.words.join(" ");
        let found = causes(&[&line]);
        assert!(found.iter().any(|cause| cause.why == known.why), "{line}: {found:?}");
    }
}

mod plugin_sources;

/// What logs, if a text comes after it; the last is how lines for the system log begin.
const LOGS: [&str; 6] =
    ["log::error!(", "log::warn!(", "log::info!(", "log::debug!(", "log::log!(", "\"AUTH-PAM: "];

/// Files that log what is declared nowhere: they pass on lines of other processes.
const PASS_ON: [&str; 1] = ["crates/privsep/src/line_writer.rs"];

#[test]
fn nothing_is_logged_that_is_declared_nowhere() {
    let mut files = 0;
    for directory in
        ["plugins/auth-pam/src", "plugins/down-root/src", "crates/privsep/src", "crates/plugin-options/src"]
    {
        for (file, source) in plugin_sources::all_below(directory) {
            files += 1;
            let logs = LOGS.iter().find(|logs| source.contains(*logs));
            assert!(
                logs.is_none() || PASS_ON.contains(&file.as_str()),
                "{file}: {} ...: declare the line, and log it by its function",
                logs.unwrap_or(&"")
            );
        }
    }
    assert!(files > 100, "{files}");
}

/// Files of the SDK that log what the author of a plugin says.
const NOT_DECLARED_IN_SDK: [&str; 1] = ["boundary/open.rs"];

#[test]
fn the_sdk_logs_what_it_declares() {
    let sources = plugin_sources::all_below("crates/ovpn-plugin/src");
    assert!(sources.iter().any(|(_, source)| source.contains("logging::say(lines::")));
    for (file, source) in sources {
        let is_known = NOT_DECLARED_IN_SDK.iter().any(|known| file.ends_with(&format!("/src/{known}")));
        let logs = ["logging::error(", "logging::warn("].iter().any(|logs| source.contains(logs));
        assert!(is_known || !logs, "{file}: declare the line in lines.rs, and log it by its function");
    }
}

#[test]
fn lines_of_the_sdk_are_explained_in_any_plugin() {
    let text = ovpn_plugin::lines::control_file_used().to_string();
    for name in ["AUTH-PAM", "SOMEBODY"] {
        let line = LogLine { flags: 1, name: name.into(), text: text.clone() };
        assert!(of_line(&line).is_some_and(|cause| cause.todo.contains("one plugin decide")), "{name}");
    }
}

/// Where reasons of refusals come from, and between which words of the file.
const REFUSALS: [(&str, &str, &str); 11] = [
    ("front/credentials.rs", "impl fmt::Display for Refusal", "impl std::error::Error"),
    ("front/verify.rs", "fn ask(", "fn refuse("),
    ("front/attempts/lost_supervisor.rs", "fn reject_all", "fn lose_supervisor"),
    ("front/attempts/pending_questions.rs", "fn refuse_answer", "fn refuse("),
    ("supervisor/outcome.rs", "pub fn judge", "fn usually"),
    ("worker/expired.rs", "pub fn acct_mgmt", "fn change("),
    ("worker/account.rs", "pub fn user", "pub fn check_again"),
    ("worker/transaction.rs", "fn other_user", ""),
    ("client_options/braces.rs", "fn next(", "fn is_plain"),
    ("client_options/line.rs", "pub fn read(", "pub fn openvpn_word"),
    ("startup/service.rs", "pub fn check(", "enum CheckedPath"),
];

/// Texts there that are part of a reason that is declared.
const PARTS: [&str; 2] = ["OpenVPN 2.6 or later is needed", "it is gone"];

/// Somebody who refuses a login in a new way has to declare why, and so has to say what that means.
#[test]
fn reasons_of_refusals_are_declared() {
    for (file, from, to) in REFUSALS {
        let source = plugin_sources::read(&format!("plugins/auth-pam/src/{file}"));
        let (_, rest) = source.split_once(from).unwrap_or_else(|| panic!("{file}: {from} is gone"));
        let part = if to.is_empty() { rest } else { rest.split_once(to).map_or("", |(part, _)| part) };
        assert!(!part.is_empty(), "{file}: {to} is gone");
        for text in plugin_sources::literals(part) {
            let is_reason = text.split_whitespace().count() > 2 && !PARTS.contains(&text.as_str());
            assert!(!is_reason, "{file}: declare the reason, and use its function: {text}");
        }
    }
}
