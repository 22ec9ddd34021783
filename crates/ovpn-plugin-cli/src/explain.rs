//! The end of the command: the result in one line, why, and what to do.

use std::process::ExitCode;
use std::time::Duration;

use crate::causes::{self, Cause};
use crate::drive::seconds;
use crate::facts;
use crate::options::Command;
use crate::scene::{End, Seen};
use crate::show::{Show, gap};
use crate::told::Outcome;

const REJECTED: u8 = 1;
const UNDECIDED: u8 = 3;
const UNANSWERED: u8 = 4;

/// What was asked for.
pub(crate) struct Asked<'a> {
    pub(crate) command: Command,
    pub(crate) file_name: &'a str,
    pub(crate) words: &'a [Vec<u8>],
    pub(crate) user: &'a [u8],
    pub(crate) limit: Duration,
}

impl Asked<'_> {
    /// Prints result and explanation; the exit status. `missing`: why a question had no answer.
    pub(crate) fn explain(&self, show: &mut Show, seen: &Seen, missing: Option<&str>) -> ExitCode {
        let (status, result) = self.result(&seen.end);
        gap();
        show.line("result", &result);
        for cause in self.causes(seen, status, missing) {
            show.line("why", &cause.why);
            show.line("to do", &cause.todo);
        }
        if let Some(how) = &seen.after {
            show.line("note", &format!("when it was closed, the plugin's process {how}"));
        }
        if !seen.left.is_empty() && matches!(seen.end, End::Outcome(_)) {
            let names = seen.left.join(", ");
            show.line(
                "note",
                &format!("the plugin left processes behind after it was closed; they were killed: {names}"),
            );
        }
        if show.had_to_hide() {
            show.line(
                "note",
                "the plugin gives the password away, in OpenVPN's log or to the client: [password]",
            );
        }
        ExitCode::from(status)
    }

    fn result(&self, end: &End) -> (u8, String) {
        let said = |login, check, events| match self.command {
            Command::Login => login,
            Command::Check => check,
            Command::Events => events,
        };
        match end {
            End::Outcome(Outcome::Yes) => {
                (0, said("accepted", "OpenVPN would start with this plugin line", "the client got in").into())
            }
            End::Outcome(Outcome::No) => {
                let words = (
                    "rejected",
                    "OpenVPN would not start with this plugin line",
                    "the client did not get in",
                );
                (REJECTED, said(words.0, words.1, words.2).into())
            }
            End::Outcome(Outcome::NoVerdict) => (UNDECIDED, "not decided".into()),
            End::Outcome(Outcome::NotOpened) => {
                (UNDECIDED, "not decided: OpenVPN would not start with this plugin line".into())
            }
            End::Outcome(Outcome::Unanswered) => {
                (UNANSWERED, "not decided: the plugin asked a question and got no answer".into())
            }
            End::Outcome(Outcome::Failed) => (UNDECIDED, "not decided: the call could not be made".into()),
            End::Died(how) => {
                let status = if self.command == Command::Check { REJECTED } else { UNDECIDED };
                (
                    status,
                    format!("the plugin took its process with it, which {how}: OpenVPN would be gone too"),
                )
            }
            End::TimedOut => (UNDECIDED, format!("not decided within {}", seconds(self.limit))),
            End::Interrupted(signal) => (UNDECIDED, format!("not decided: interrupted by {signal}")),
        }
    }

    fn causes(&self, seen: &Seen, status: u8, missing: Option<&str>) -> Vec<Cause> {
        if status == 0 || matches!(seen.end, End::Interrupted(_)) {
            return Vec::new();
        }
        if let (UNANSWERED, Some(missing)) = (status, missing) {
            return vec![Cause::new(
                format!("The plugin asked the question above: {missing}."),
                "Run the command on a terminal, or give the answers with --answer or --answers, in the order of the questions.",
            )];
        }
        let mut causes = causes::in_log(&seen.log);
        let is_pam = self.file_name.contains("auth-pam") || self.file_name.contains("auth_pam");
        if is_pam && self.command != Command::Check && !matches!(seen.end, End::Outcome(Outcome::NotOpened)) {
            let said: Vec<_> = causes.iter().map(|cause| cause.todo.clone()).collect();
            causes.extend(
                facts::about_pam(self.words, self.user).into_iter().filter(|fact| !said.contains(&fact.todo)),
            );
        }
        if let Some(error) = seen.told.last("open").and_then(loading) {
            causes.push(error);
        }
        if matches!(seen.end, End::TimedOut) {
            causes.push(match seen.told.last("open") {
                None => Cause::new(
                    "The plugin did not return from being opened. OpenVPN would not come up.",
                    "See what it waits for.",
                ),
                Some(_) if self.command == Command::Check => Cause::new(
                    "The plugin did not come to an end when it was closed. OpenVPN would not end either.",
                    "Report it to the plugin's authors.",
                ),
                Some(_) => Cause::new(
                    "The plugin's call did not return. Under OpenVPN nobody would be served meanwhile.",
                    "See what it waits for (a backend that does not answer?). auth-pam can defer slow logins: `setenv deferred_auth_pam 1`.",
                ),
            });
        }
        if matches!(seen.end, End::Outcome(Outcome::NoVerdict)) && seen.told.last("verdict").is_some() {
            causes.push(Cause::new(
                "The plugin has not written its verdict to the control file.",
                "Raise --timeout if it needs longer; OpenVPN itself gives a client a minute (`hand-window`).",
            ));
        }
        if causes.is_empty() && status == REJECTED && self.command != Command::Check {
            causes.push(Cause::new(
                "The plugin did not say why.",
                "Look at its lines above, and at what else --verb 7 shows.",
            ));
        }
        causes
    }
}

/// What the loader's words mean.
pub(crate) fn loading(error: &str) -> Option<Cause> {
    let known = [
        (
            "openvpn_plugin_",
            "is missing",
            "The file is a library, but no OpenVPN plugin.",
            "Look at the path in the plugin line.",
        ),
        (
            "cannot open shared object file",
            "No such file",
            "The file, or a library it needs, is not there.",
            "Look at the path; `ldd PLUGIN` names libraries that are missing.",
        ),
        (
            "cannot open shared object file",
            "Permission denied",
            "The file may not be read.",
            "It needs read permission for root, and its directories `x`; with SELinux or AppArmor look at their logs.",
        ),
        (
            "failed to map segment",
            "",
            "The file lies on a file system mounted with `noexec`, or a security module forbids it.",
            "Install the plugin into OpenVPN's plugin directory.",
        ),
        (
            "cannot dynamically load",
            "",
            "The file is a program, no shared library.",
            "Look at the path in the plugin line.",
        ),
        ("invalid ELF header", "", "The file is no shared library.", "Look at the path in the plugin line."),
        ("file too short", "", "The file is empty or cut off.", "Install it anew."),
        (
            "wrong ELF class",
            "",
            "The plugin is built for another processor than OpenVPN.",
            "Install the one for this machine.",
        ),
        (
            "undefined symbol",
            "",
            "The plugin needs a library, or a version of one, that is not there.",
            "Install the plugin that was built for this distribution.",
        ),
        (
            "events OpenVPN 2.6 does not have",
            "",
            "The plugin asks for events that do not exist.",
            "OpenVPN would end with `unsupported plugin type mask`; a newer or older build of the plugin is needed.",
        ),
    ];
    let (.., why, todo) =
        known.iter().find(|(first, second, ..)| error.contains(first) && error.contains(second))?;
    Some(Cause::new(*why, *todo))
}
