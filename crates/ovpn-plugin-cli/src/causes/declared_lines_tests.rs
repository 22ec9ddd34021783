//! Each declared line is found again by its own declaration, whatever is filled in.

use log_lines::{Filled, Level, LineKind};

use super::*;

/// What may stand in a hole. In quotes it is escaped, as the plugins do it.
const VALUES: [&str; 4] = ["x", "7", "it's: so; no, (y)", r"a\b\"];

/// Entries that say all there is to say: those that only hold a reason, and notes.
const SAY_ALL: [&str; 9] = [
    "failed",
    "failed_in_background",
    "in_line",
    "answered",
    "asked",
    "module_message",
    "changed_password",
    "was_asked",
    "helper_died",
];

fn of_plugins() -> [(&'static str, Vec<&'static Declared>); 3] {
    ["AUTH-PAM", "DOWN-ROOT", "SOMEBODY"]
        .map(|plugin| (plugin, sections(plugin).iter().flat_map(|section| section.lines).collect()))
}

/// The line with its holes filled.
fn filled(declared: &Declared, reason: &str, value: &str) -> String {
    let mut line = String::new();
    let mut rest = declared.text;
    while let Some((before, after)) = rest.split_once('{') {
        line += before;
        let (hole, after) = after.split_once('}').unwrap();
        let quoted = line.ends_with('\'') && after.starts_with('\'');
        let name = hole.split(':').next().unwrap_or_default();
        line += &match declared.filled_with(name) {
            _ if name == "reason" => reason.to_owned(),
            Filled::Digits => "12".to_owned(),
            Filled::OwnWords => "word".to_owned(),
            Filled::Anything if quoted => value.replace('\\', "\\\\").replace('\'', "\\'"),
            Filled::Anything => value.to_owned(),
        };
        rest = after;
    }
    line + rest
}

fn explained(plugin: &str, text: &str) -> Option<&'static Declared> {
    of(&LogLine { flags: 1, name: plugin.into(), text: text.into() })
}

/// Some stand on several lines and mean the same.
fn mean_the_same(one: &Declared, other: &Declared) -> bool {
    (one.why, one.todo) == (other.why, other.todo)
}

#[test]
fn each_line_is_explained_by_its_own_declaration() {
    let mut lines = 0;
    for (plugin, all) in of_plugins() {
        for declared in
            all.iter().filter(|declared| declared.kind.level().is_some() && declared.is_explained())
        {
            for value in VALUES {
                let line = filled(declared, "something that nobody knows", value);
                let found = explained(plugin, &line);
                assert!(
                    found.is_some_and(|found| mean_the_same(found, declared)),
                    "{plugin}: {line}\nis {}\nand taken for {found:?}",
                    declared.name
                );
                lines += 1;
            }
        }
    }
    assert!(lines > 500, "{lines}");
}

#[test]
fn a_reason_is_explained_in_each_line_that_may_hold_it() {
    let mut lines = 0;
    for (plugin, all) in of_plugins() {
        let frames = all.iter().filter(|line| line.kind.level().is_some() && line.text.contains("{reason}"));
        for frame in frames {
            let reasons =
                all.iter().filter(|reason| reason.kind == LineKind::Reason && reason.is_explained());
            for (place, reason) in reasons.enumerate() {
                let value = VALUES[place % VALUES.len()];
                let line = filled(frame, &filled(reason, "nobody knows", value), value);
                let found = explained(plugin, &line);
                assert!(
                    found.is_some_and(|found| mean_the_same(found, reason)),
                    "{plugin}: {line}\nholds {}\nand is taken for {found:?}",
                    reason.name
                );
                lines += 1;
            }
        }
    }
    assert!(lines > 500, "{lines}");
}

#[test]
fn everything_that_has_gone_wrong_is_explained() {
    for (plugin, all) in of_plugins() {
        for line in all {
            let is_news = matches!(line.kind, LineKind::Line(Level::Info | Level::Debug));
            let says_all = is_news || SAY_ALL.contains(&line.name);
            assert!(says_all || line.is_explained(), "{plugin}: nothing is said of {}", line.name);
        }
    }
}

#[test]
fn nothing_is_declared_twice() {
    for (plugin, all) in of_plugins() {
        for (place, line) in all.iter().enumerate() {
            let same = all[..place].iter().find(|other| other.text == line.text);
            assert!(same.is_none_or(|same| mean_the_same(same, line)), "{plugin}: {}", line.text);
        }
    }
}

#[test]
fn lines_of_others_are_not_ours() {
    let line = filled(&auth_pam_lines::workers::LINES.lines[0], "", "7");
    assert!(explained("AUTH-PAM", &line).is_some());
    assert!(explained("DOWN-ROOT", &line).is_none());
    assert!(explained("SOMEBODY", &line).is_none());
}
