//! The words are found, and each line that the plugin may log is known.

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
    let telling = causes(&["user 'joe': no answer to the prompt 'Code:'", refused]);
    assert_eq!(telling.len(), 1);
    assert!(telling[0].why.contains("no NAME"), "{telling:?}");
}

#[test]
fn pams_words_count_in_the_line_about_the_login_only() {
    assert_eq!(causes(&["cannot open the log: Permission denied"]), []);
    assert_eq!(causes(&["user 'joe' failed to authenticate: Permission denied"]).len(), 1);
}

#[test]
fn every_entry_can_be_found() {
    for known in all_known() {
        let line = known.words.join(" ");
        let found = causes(&[&line]);
        assert!(found.iter().any(|cause| cause.why == known.why), "{line}: {found:?}");
    }
}

mod sources;

/// Where the reasons of auth-pam's refusals are written, and between which words of the file.
const REFUSALS: [(&str, &str, &str); 9] = [
    ("front/credentials.rs", "impl fmt::Display for Refusal", "impl std::error::Error"),
    ("front/challenge.rs", "impl std::fmt::Display for Malformed", "impl std::error::Error"),
    ("front/mod.rs", "fn ask(", "fn refuse("),
    ("front/attempts.rs", "fn reject_all", "fn take_afterwards"),
    ("front/attempts/asking.rs", "fn refuse_answer", "fn refuse("),
    ("supervisor/conclude.rs", "pub fn judge", "fn usually"),
    ("worker/expired.rs", "pub fn acct_mgmt", "fn change("),
    ("worker/account.rs", "pub fn user", "pub fn check_again"),
    ("worker/mod.rs", "fn other_user", ""),
];

/// Words there that are no reason of their own: parts of others, and a question.
const NO_REASONS: [&str; 8] = [
    "OpenVPN 2.6 or later is needed",
    "it is gone",
    "user '",
    "the supervisor cannot be heard",
    "the client was asked a question",
    "for another user than the one that asked",
    "without asking for the user",
    "the password had expired, and was changed",
];

/// Lines beside the reasons that say all there is to say: nobody has to do anything, or it is a fault that no
/// administrator can mend.
const SAY_ALL: [&str; 12] = [
    "cannot be reached and is killed",
    "a worker cannot be heard and is killed",
    "idle worker",
    "further lines printed by PAM modules are not shown",
    "the supervisor cannot give up its capabilities",
    "supervisor cannot wait for events",
    "did not end within",
    "the supervisor cannot be heard",
    "(... input) answered",
    "(... input) is asked",
    "message of a PAM module",
    "the password had expired, and was changed",
];

/// A line as it would be: what is filled in is some word.
fn filled_in(pattern: &str) -> String {
    let how = pattern.replace("{how}", "was killed by SIGSEGV");
    let mut line = String::new();
    let mut rest = how.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        line += before;
        line += "...";
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    line + rest
}

fn is_known(line: &str) -> bool {
    all_known().filter(|known| !known.general).any(|known| known.is_in(line))
}

/// Somebody who refuses a login in a new way has to say here what that means.
#[test]
fn every_reason_of_a_refusal_is_explained() {
    let mut reasons = 0;
    for (file, from, to) in REFUSALS {
        let source = sources::read(&format!("plugins/auth-pam/src/{file}"));
        let (_, rest) = source.split_once(from).unwrap_or_else(|| panic!("{file}: {from} is gone"));
        let part = if to.is_empty() { rest } else { rest.split_once(to).map_or("", |(part, _)| part) };
        let found = sources::literals(part);
        assert!(!found.is_empty(), "{file}: no texts between {from} and {to}");
        for reason in found.iter().filter(|text| text.split_whitespace().count() > 2) {
            if NO_REASONS.iter().any(|part| reason.starts_with(part)) {
                continue;
            }
            let line = format!("user 'joe' {PAM_REFUSED}: {}", filled_in(reason));
            assert!(is_known(&line), "{file}: nothing is said of: {line}");
            reasons += 1;
        }
    }
    assert!(reasons > 25, "{reasons}");
}

/// The same for lines beside those about logins: warnings, errors, and notes about a login. A line after whose `;` stands
/// what to do, or that names an option, says it itself.
#[test]
fn every_warning_is_explained() {
    let mut lines = 0;
    for (file, source) in
        ["plugins/auth-pam/src", "crates/privsep/src/life"].into_iter().flat_map(sources::all_below)
    {
        for pattern in sources::logged(&source) {
            let line = filled_in(&pattern);
            let says_itself = line.contains("; ") || line.contains("(see ");
            // The reason is in a variable, or the whole line is.
            let is_built_elsewhere = line.contains(PAM_REFUSED) || !line.contains(' ');
            let says_all = SAY_ALL.iter().any(|text| line.contains(text));
            lines += 1;
            assert!(
                is_built_elsewhere || says_itself || says_all || is_known(&line),
                "{file}: nothing is said of: {pattern}"
            );
        }
    }
    assert!(lines > 35, "{lines}");
}
