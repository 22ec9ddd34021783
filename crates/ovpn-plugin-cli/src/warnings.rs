//! What a plugin that works, or nobody, has to be warned about: each with why it matters and what to do.

use auth_pam_lines::startup;
use log_lines::Declared;
use ovpn_plugin_host::LogLine;

use crate::causes::{self, Cause};
use crate::plugin_process::Observed;
use crate::redaction::{Leak, from_plugin};

/// The warnings of the plugin's log, and what the PAM service is found to lack. The plugin's lines about the service say the
/// same with less.
pub(crate) fn in_log(log: &[LogLine], of_service: Vec<Cause>) -> Vec<Cause> {
    let counts = |line: &&LogLine| {
        (line.is_warning() || line.is_error())
            && !causes::is_refusal(line)
            && (of_service.is_empty() || !is_about_service(line))
    };
    let mut warnings: Vec<Cause> = log.iter().filter(counts).map(of_line).collect();
    warnings.extend(of_service);
    warnings.dedup();
    warnings
}

/// What auth-pam says of a PAM service, which this command finds out by itself.
static ABOUT_SERVICE: [&Declared; 5] = [
    startup::LINES.line("service_missing"),
    startup::LINES.line("include_missing"),
    startup::LINES.line("bad_line"),
    startup::LINES.line("bad_module"),
    startup::LINES.line("phase_missing"),
];

/// Whether auth-pam says here what this command finds out by itself.
pub(crate) fn is_about_service(line: &LogLine) -> bool {
    let declared = causes::declaration(line);
    declared.is_some_and(|declared| ABOUT_SERVICE.contains(&declared))
}

/// A line that is not known says itself what to do, after a semicolon, or not at all.
fn of_line(line: &LogLine) -> Cause {
    causes::of_line(line).unwrap_or_else(|| match line.text.rsplit_once("; ") {
        Some((why, todo)) => Cause::new(from_plugin(why), from_plugin(todo)),
        None => Cause::new(from_plugin(&line.text), ""),
    })
}

/// What shows at the end only.
pub(crate) fn at_end(seen: &Observed, leak: Leak) -> Vec<Cause> {
    let mut warnings = Vec::new();
    if let Some(how) = &seen.after {
        warnings.push(Cause::new(
            format!("When it was closed, the plugin's process {how}."),
            "Under OpenVPN this happens when the server stops. Report it to the plugin's authors.",
        ));
    }
    if !seen.left.is_empty() {
        warnings.push(Cause::new(
            format!(
                "The plugin left processes running after it was closed. This command killed them: {}.",
                from_plugin(&seen.left.join(", "))
            ),
            "Under OpenVPN they would go on after the server has stopped. Report it to the plugin's authors.",
        ));
    }
    match leak {
        Leak::None => {}
        Leak::Possible => warnings.push(Cause::new(
            "The letters of the password are in the plugin's log or in what the client reads, shown as [password] above. This may be chance, because the password is short, or a word.",
            "Try again with a longer password of letters and digits. If [password] is there again, the plugin gives passwords away.",
        )),
        Leak::Certain => warnings.push(Cause::new(
            "The plugin gives the password away, in OpenVPN's log or to the client. It is shown as [password] above.",
            "Lower OpenVPN's `verb`. If that does not help, report it to the authors of the plugin, or of the PAM module that logs it.",
        )),
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(flags: i32, text: &str) -> LogLine {
        LogLine { flags, name: "AUTH-PAM".into(), text: text.into() }
    }

    #[test]
    fn each_warning_says_what_to_do() {
        let log = [
            line(4, "initialization succeeded; all is well"),
            line(2, "one thing; correct it"),
            line(2, &auth_pam_lines::startup::no_sessions_to_count().to_string()),
            line(1, "user 'joe' failed to authenticate: Authentication failure"),
            line(2, "something odd"),
        ];
        let found = in_log(&log, Vec::new());
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], Cause::new(from_plugin("one thing"), from_plugin("correct it")));
        assert!(found[1].todo.contains("session=yes"), "{found:?}");
        assert_eq!(found[2], Cause::new(from_plugin("something odd"), ""));
    }

    #[test]
    fn the_service_is_spoken_of_once() {
        let log = [line(2, &startup::bad_module("vpn", "pam_x.so", "is missing", "/x").to_string())];
        let own = Cause::new("pam_x.so is missing", "install it");
        assert_eq!(in_log(&log, vec![own.clone()]), [own]);
        assert_eq!(in_log(&log, Vec::new()).len(), 1);
    }
}
