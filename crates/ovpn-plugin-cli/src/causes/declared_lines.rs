//! The lines of our own plugins: what explains them stands where they are declared.

use log_lines::{Declared, Section, explain, find};
use ovpn_plugin_host::LogLine;

/// What both plugins have from what they are made of.
static OF_BOTH: [&Section; 3] =
    [&plugin_options::lines::LINES, &privsep::lines::LIFE, &privsep::lines::CHANGES];

/// What every plugin has from the SDK.
static OF_THE_SDK: [&Section; 1] = [&ovpn_plugin::lines::LINES];

/// What auth-pam alone has from what it is made of.
static OF_AUTH_PAM: [&Section; 2] = [&openvpn_config::lines::LINES, &privsep::lines::SOCKET];

/// The sections of a plugin, by the name that it has in the log.
fn sections(plugin: &str) -> Vec<&'static Section> {
    let own: &[&Section] = match plugin {
        "AUTH-PAM" => &auth_pam_lines::ALL,
        "DOWN-ROOT" => &down_root_lines::ALL,
        _ => return OF_THE_SDK.to_vec(),
    };
    let more: &[&Section] = if plugin == "AUTH-PAM" { &OF_AUTH_PAM } else { &[] };
    own.iter().chain(more).chain(&OF_BOTH).chain(&OF_THE_SDK).copied().collect()
}

/// What explains this line.
pub(super) fn of(line: &LogLine) -> Option<&'static Declared> {
    explain(&sections(&line.name), &line.text)
}

/// The declaration of the line itself, whatever its reason is.
pub(super) fn itself(line: &LogLine) -> Option<&'static Declared> {
    find(&sections(&line.name), &line.text)
}

/// The reference document of all lines.
#[cfg(test)]
pub(crate) fn reference() -> String {
    let document = |title, sections: &[&'static Section]| {
        sections.iter().map(|section| (title, *section)).collect::<Vec<_>>()
    };
    let all: Vec<_> = [
        document("auth-pam", &auth_pam_lines::ALL),
        document("auth-pam", &OF_AUTH_PAM),
        document("down-root", &down_root_lines::ALL),
        document("Both plugins", &OF_BOTH),
        document("Every plugin that is built with the SDK", &OF_THE_SDK),
    ]
    .concat();
    log_lines::reference(
        "Log lines",
        "All lines that the plugins log, each with its level, what it means, and what to do about it. Words in braces \
         stand for what is filled in. A *reason* is the part of a line that says why; it stands where another line has \
         `{reason}`. `{tail}` is the client, the configuration and the reference of the attempt. `ovpn-plugin login` \
         and the other commands explain the lines that they see by the same texts.",
        &all,
    )
}

#[cfg(test)]
#[path = "declared_lines_tests.rs"]
mod tests;
