//! The end of the command: the result in one line, why, and what to do.

use std::time::Duration;

use ovpn_plugin_host::LogLine;

use crate::causes::local_checks::{self, LocalChecks};
use crate::causes::{self, Cause, failed_events, load_errors};
use crate::command_line::Command;
use crate::known_options::KnownOptions;
use crate::pam_service::Service;
use crate::plugin_process::report::Outcome;
use crate::plugin_process::{End, Observed};
use crate::plugin_run::seconds;
use crate::show::{Show, Summary};
use crate::warnings;

const ACCEPTED: u8 = 0;
const REJECTED: u8 = 1;
const UNDECIDED: u8 = 3;
const UNANSWERED: u8 = 4;

/// Explains the result of a command: what the command was, and with what.
pub(crate) struct Explainer<'a> {
    pub(crate) known_options: KnownOptions,
    pub(crate) command: Command,
    pub(crate) file_name: &'a str,
    pub(crate) words: &'a [Vec<u8>],
    pub(crate) user: &'a [u8],
    pub(crate) limit: Duration,
    pub(crate) strict: bool,
    /// What there is to be warned about before the plugin is opened.
    pub(crate) warnings: Vec<Cause>,
}

/// The result of the command.
struct Conclusion {
    status: u8,
    /// In one word, for programs.
    outcome: &'static str,
    text: String,
}

fn result(status: u8, outcome: &'static str, text: impl Into<String>) -> Conclusion {
    Conclusion { status, outcome, text: text.into() }
}

impl Explainer<'_> {
    /// Prints result and explanation; the exit status. `missing`: why a question had no answer.
    pub(crate) fn explain(&self, show: &mut Show, seen: &Observed, missing: Option<&str>) -> u8 {
        let Conclusion { mut status, outcome, mut text } = self.result(&seen.end);
        let interrupted = matches!(seen.end, End::Interrupted(_) | End::InterruptedAfter(_));
        let service = self.is_pam().then(|| Service::of(self.words)).flatten();
        let causes = match status {
            ACCEPTED => Vec::new(),
            _ if interrupted => Vec::new(),
            _ => self.causes(seen, status, missing, service.as_ref()),
        };
        let mut warnings = self.warnings.clone();
        if status == ACCEPTED {
            let of_service = service.as_ref().map(Service::findings).unwrap_or_default();
            warnings.extend(warnings::in_log(&seen.log, of_service));
        }
        if matches!(seen.end, End::Outcome(_)) {
            warnings.extend(warnings::at_end(seen, show.leak()));
        }
        if status == ACCEPTED && self.strict && !warnings.is_empty() {
            status = REJECTED;
            text += ", but there are warnings (--strict)";
        }
        let command = self.command.name();
        show.summary(&Summary {
            command,
            status,
            outcome,
            text: &text,
            causes: &causes,
            warnings: &warnings,
        });
        status
    }

    fn is_pam(&self) -> bool {
        self.file_name.contains("auth-pam") || self.file_name.contains("auth_pam")
    }

    fn result(&self, end: &End) -> Conclusion {
        match end {
            End::Outcome(outcome) => self.outcome(*outcome),
            End::Died(how) => {
                let status = if self.command == Command::Check { REJECTED } else { UNDECIDED };
                result(status, "died", format!("the plugin ended its process, which {how}"))
            }
            End::TimedOut => {
                result(UNDECIDED, "timed_out", format!("not decided within {}", seconds(self.limit)))
            }
            End::Interrupted(signal) | End::InterruptedAfter(signal) => {
                result(UNDECIDED, "interrupted", format!("not decided: interrupted by {signal}"))
            }
        }
    }

    fn outcome(&self, outcome: Outcome) -> Conclusion {
        let (yes, no) = match self.command {
            Command::Login => (("accepted", "accepted"), ("rejected", "rejected")),
            Command::Check => (
                ("would_start", "OpenVPN would start with this plugin line"),
                ("would_not_start", "OpenVPN would not start with this plugin line"),
            ),
            Command::Events => {
                (("got_in", "the client got in"), ("did_not_get_in", "the client did not get in"))
            }
        };
        match outcome {
            Outcome::Yes => result(ACCEPTED, yes.0, yes.1),
            Outcome::No => result(REJECTED, no.0, no.1),
            Outcome::EventFailed => {
                result(REJECTED, "event_failed", "the client got in, but the plugin failed at other events")
            }
            Outcome::NoVerdict => result(UNDECIDED, "no_verdict", "not decided"),
            Outcome::NotOpened => {
                result(UNDECIDED, "not_opened", "not decided: OpenVPN would not start with this plugin line")
            }
            Outcome::Unanswered => {
                result(UNANSWERED, "unanswered", "not decided: the plugin asked a question and got no answer")
            }
            Outcome::Failed => result(UNDECIDED, "failed", "not decided: the call could not be made"),
        }
    }

    fn causes(
        &self,
        seen: &Observed,
        status: u8,
        missing: Option<&str>,
        service: Option<&Service>,
    ) -> Vec<Cause> {
        if let (UNANSWERED, Some(missing)) = (status, missing) {
            return vec![Cause::new(
                format!("The plugin asked the question above: {missing}."),
                "Run the command on a terminal, or give the answers with --answer or --answers, in the order of the questions.",
            )];
        }
        let opened = !matches!(seen.end, End::Outcome(Outcome::NotOpened));
        let LocalChecks { deciding, further } = if self.is_pam() && self.command != Command::Check && opened {
            local_checks::of_login(service, self.user)
        } else {
            LocalChecks::default()
        };
        let is_telling = |line: &&LogLine| {
            deciding.is_empty() || !causes::is_refusal(line) && !warnings::is_about_service(line)
        };
        let mut causes = deciding.clone();
        causes.extend(causes::in_log(seen.log.iter().filter(is_telling)));
        causes.extend(self.known_options.refused(seen.log.iter()));
        let said: Vec<_> = causes.iter().map(|cause| cause.todo.clone()).collect();
        causes.extend(further.into_iter().filter(|fact| !said.contains(&fact.todo)));
        causes.extend(seen.reports.last("open").and_then(load_errors::cause));
        if self.command == Command::Events {
            causes.extend(failed_events::causes(seen.reports.all("event")));
        }
        causes.extend(self.hanging(seen));
        causes.extend(self.died(&seen.end));
        if causes.is_empty() && status == REJECTED && self.command != Command::Check {
            causes.push(Cause::new(
                "The plugin did not say why.",
                "Read its log lines above. With --verb 7 there are more.",
            ));
        }
        causes
    }

    /// What it means for OpenVPN that the process has ended.
    fn died(&self, end: &End) -> Option<Cause> {
        let End::Died(how) = end else { return None };
        // Memory ends here where OpenVPN may have more.
        let wrong_memory = ["SIGSEGV", "SIGBUS"].iter().any(|signal| how.contains(signal));
        Some(if wrong_memory {
            Cause::new(
                "The plugin used memory that is not its own. OpenVPN might crash, or go on with damaged data. This command \
                 notices at once: an unreadable page follows what it passes to the plugin.",
                "Report it to the plugin's authors. They find the place with a debugger, valgrind or AddressSanitizer.",
            )
        } else {
            Cause::new(
                "A plugin runs in OpenVPN's process, so OpenVPN would end with it.",
                "Report it to the plugin's authors: a plugin must never call exit or abort.",
            )
        })
    }

    /// What it means that nothing came in time.
    fn hanging(&self, seen: &Observed) -> Option<Cause> {
        match (&seen.end, seen.reports.last("open")) {
            (End::TimedOut, None) => Some(Cause::new(
                "The plugin did not return when it was opened. OpenVPN would not start.",
                "Find out what the plugin waits for, for example with strace.",
            )),
            (End::TimedOut, Some(_)) if self.command == Command::Check => Some(Cause::new(
                "The plugin did not return when it was closed. OpenVPN would not stop.",
                "Report it to the plugin's authors.",
            )),
            (End::TimedOut, Some(_)) => Some(Cause::new(
                "The plugin did not return from the call. OpenVPN would serve nobody in that time.",
                "Find out what the plugin waits for, such as a backend that does not answer. auth-pam defers slow logins with deferred=yes.",
            )),
            (End::Outcome(Outcome::NoVerdict), _) if seen.reports.last("verdict").is_some() => {
                Some(Cause::new(
                    "The plugin did not write its verdict to the control file.",
                    "If the plugin needs longer, raise --timeout. OpenVPN itself gives a client one minute (`hand-window`).",
                ))
            }
            _ => None,
        }
    }
}
