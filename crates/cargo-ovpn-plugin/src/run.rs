//! `run`: builds a plugin, and shows it at work in a real server with a real client.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ovpn_plugin_test::{
    Line, Mark, Outcome, Person, Question, QuestionKind, Server, ServerConfig, build_cdylib, requirements,
};
use terminal::{NoAnswer, Signals, Terminal};

use crate::Failed;
use crate::command_line::Task;
use crate::print::{Printer, Who, printable};
use crate::wait::{Wait, WaitEnd};

const IN: u8 = 0;
const REJECTED: u8 = 1;
const NOT_DECIDED: u8 = 3;
const UNANSWERED: u8 = 4;
/// The client was in when the server ended.
const SERVER_ENDED: u8 = 5;

const ENDED: &str = "[ended: ";
/// How long that line may take when the process is gone.
const LAST_LINE: Duration = Duration::from_secs(5);
/// Lines have the time since the start before them.
const NO_TIMES: &str = "suppress-timestamps";
/// What clients of today can do while their login is pending.
const METHODS: &str = "openurl,webauth,crtext";

/// A plugin may keep a decision for ever, or drop it: only OpenVPN's limit ends that login.
const UNDECIDED: &str = "in OpenVPN a login without a verdict ends with AUTH_FAILED after hand-window (60 s)";
/// A question of a login that is pending.
const NOBODY_ANSWERS: &str =
    "nobody answers: there is no terminal, and no --answer is left; waiting for a verdict without it";
/// A plugin's file that does not have what `export!` makes.
const NO_SYMBOL: &str = "could not find required symbol";

/// Why the work stops.
enum Stop {
    Failed(Failed),
    With(u8),
}

impl From<Failed> for Stop {
    fn from(text: Failed) -> Self {
        Self::Failed(text)
    }
}

/// Runs it, and gives the exit status.
pub(crate) fn run(task: Task) -> Result<u8, Failed> {
    // Before any thread is there, so that all have them held back.
    let signals = Signals::block().map_err(|error| format!("cannot hold signals back: {error}"))?;
    let printer = Arc::new(Printer::of_output());
    match Setup::new(task, &signals, &printer).and_then(Setup::run) {
        Ok(status) | Err(Stop::With(status)) => Ok(status),
        Err(Stop::Failed(text)) => Err(text),
    }
}

/// What there is before anything is started.
struct Setup<'a> {
    task: Task,
    login: (String, String),
    plugin: PathBuf,
    openvpn: Option<PathBuf>,
    signals: &'a Signals,
    printer: &'a Arc<Printer>,
    wait: Wait,
}

impl<'a> Setup<'a> {
    fn new(mut task: Task, signals: &'a Signals, printer: &'a Arc<Printer>) -> Result<Self, Stop> {
        requirements().map_err(|missing| missing.to_string())?;
        let absolute =
            |file: &Path| file.canonicalize().map_err(|error| format!("{}: {error}", file.display()));
        let openvpn = task.openvpn.as_deref().map(absolute).transpose()?;
        let plugin = match &task.plugin {
            Some(file) => absolute(file)?,
            None => build(&task, signals)?,
        };
        printer.say(&format!("the plugin is {}", plugin.display()));
        let user = given_or_typed(task.user.take(), "Username: ", true, "--user", signals)?;
        let password = given_or_typed(task.password.take(), "Password: ", false, "--password", signals)?;
        let wait = Wait::new().map_err(|error| error.to_string())?;
        Ok(Self { task, login: (user, password), plugin, openvpn, signals, printer, wait })
    }

    fn run(self) -> Result<u8, Stop> {
        let server = self.start_server()?;
        self.printer.say(&format!("{} serves, as process {}", version(&server), server.pid()));
        let person = self.start_client(&server);
        self.printer.say(&format!("the client is process {}", person.client().pid()));
        let status = match self.watch(&server, &person) {
            Ok(status) | Err(Stop::With(status)) => status,
            Err(failed) => return Err(failed),
        };
        if status == IN && !has_ended(&person) {
            person.client().disconnect();
        }
        drop(person);
        drop(server);
        self.printer.say(match status {
            IN => "result: the client got in",
            REJECTED => "result: the login was rejected",
            UNANSWERED => "result: not decided, since nobody answered",
            SERVER_ENDED => "result: the client got in, and then the server ended by itself",
            _ => "result: not decided",
        });
        Ok(status)
    }

    fn verb(&self) -> String {
        format!("verb {}", self.task.verb)
    }

    fn start_server(&self) -> Result<Server, Stop> {
        let words: Vec<&str> = self.task.words.iter().map(String::as_str).collect();
        let (printer, wake) = (Arc::clone(self.printer), self.wait.waker());
        let mut config = ServerConfig::new().line(&self.verb()).line(NO_TIMES);
        if let Some(openvpn) = &self.openvpn {
            config = config.openvpn(openvpn);
        }
        // A server that drops root reads its keys again at SIGHUP.
        if self.task.server.iter().any(|line| line.split_whitespace().next() == Some("user")) {
            config = config.readable_by_nobody();
        }
        let no_symbol = Arc::new(AtomicBool::new(false));
        let found = Arc::clone(&no_symbol);
        config = config.plugin(&self.plugin, &words).follow(move |line| {
            if line.text.contains(NO_SYMBOL) {
                found.store(true, Ordering::Relaxed);
            }
            show(&printer, Who::Server, line);
            wake();
        });
        let config = self.task.server.iter().fold(config, |config, line| config.line(line));
        config.try_start().map_err(|_| match self.signals.came() {
            Some(_) => Stop::With(NOT_DECIDED),
            None if no_symbol.load(Ordering::Relaxed) => Stop::Failed(
                "OpenVPN does not start: the plugin has not what OpenVPN calls; is `ovpn_plugin::export!` there?"
                    .into(),
            ),
            None => Stop::Failed("OpenVPN does not start; the last lines of the server say why".into()),
        })
    }

    fn start_client(&self, server: &Server) -> Person {
        let (user, password) = &self.login;
        let mut config = server.person(user, password).with_tunnel().line(&self.verb()).line(NO_TIMES);
        if self.task.crtext {
            config = config.announcing(METHODS);
        }
        if let Some(text) = &self.task.static_challenge {
            config = config.static_challenge(text);
        }
        let person = self.task.client.iter().fold(config, |config, line| config.line(line)).start();
        let (printer, wake) = (Arc::clone(self.printer), self.wait.waker());
        person.client().log().follow(move |line| {
            show(&printer, Who::Client, line);
            wake();
        });
        let wake = self.wait.waker();
        person.heard().follow(move |_| wake());
        person
    }

    /// Until the client has left, or is to leave.
    fn watch(&self, server: &Server, person: &Person) -> Result<u8, Stop> {
        let mut answers: VecDeque<String> = self.task.answers.clone().into();
        let (mut asked, mut asked_static, mut is_in, mut unanswered) = (0, false, false, false);
        let mut end = Some(Instant::now() + self.task.timeout);
        loop {
            // In this order: what came before is in the log when the next is looked for.
            let questions = person.asked().split_off(asked);
            let ended = has_ended(person);
            let outcome = person.outcome(Duration::ZERO);
            let is_refused = matches!(outcome, Outcome::Refused { .. });
            for question in questions {
                asked += 1;
                // A client that was refused begins anew, with its static challenge, which it asks once for a login. It may do
                // so before the line of its log that tells of the refusal is here.
                let begins_anew =
                    question.kind == QuestionKind::Static && std::mem::replace(&mut asked_static, true);
                if question.wants_answer && (is_refused || begins_anew) {
                    continue;
                }
                let before = Instant::now();
                match self.answer(person, &question, &mut answers) {
                    // The verdict may not need the answer: the password is wrong, or there is no second factor.
                    Err(Stop::With(UNANSWERED)) if question.kind == QuestionKind::Pending => {
                        unanswered = true;
                        self.printer.say(NOBODY_ANSWERS);
                    }
                    other => other?,
                }
                // The time that a person takes is not the plugin's.
                end = end.map(|end| end + before.elapsed());
            }
            match outcome {
                Outcome::Connected(after) if !is_in => {
                    is_in = true;
                    end = self.task.stay.map(|stay| Instant::now() + stay);
                    let until = if end.is_some() { "" } else { "; Ctrl-C disconnects it" };
                    self.printer.say(&format!("the client is in, after {:.2} s{until}", after.as_secs_f64()));
                }
                Outcome::Refused { reason, .. } => {
                    let why =
                        if reason.is_empty() { " without a reason".into() } else { format!(": {reason}") };
                    self.printer.say(&format!("the client gets AUTH_FAILED{why}"));
                    return Ok(REJECTED);
                }
                _ => {}
            }
            if !server.is_alive() {
                self.printer.say(&why_it_ended(server));
                return Ok(if is_in { SERVER_ENDED } else { NOT_DECIDED });
            }
            if ended {
                self.printer.say("the client has ended");
                return Ok(if is_in { IN } else { NOT_DECIDED });
            }
            match self.wait.until(self.signals, end) {
                WaitEnd::Woken => {}
                WaitEnd::Signal(_) | WaitEnd::TimeIsOver if is_in => return Ok(IN),
                WaitEnd::Signal(_) => return Ok(NOT_DECIDED),
                WaitEnd::TimeIsOver => {
                    let limit = self.task.timeout.as_secs();
                    self.printer.say(&format!("the login is not decided within {limit} s (--timeout)"));
                    if unanswered {
                        return Ok(UNANSWERED);
                    }
                    self.printer.say(UNDECIDED);
                    return Ok(NOT_DECIDED);
                }
            }
        }
    }

    fn answer(
        &self,
        person: &Person,
        question: &Question,
        answers: &mut VecDeque<String>,
    ) -> Result<(), Stop> {
        let text = printable(&question.text);
        if !question.wants_answer {
            let what = if question.kind == QuestionKind::Url { "opens" } else { "is shown" };
            self.printer.say(&format!("the client {what}: {text}"));
            return Ok(());
        }
        self.printer.say(&format!("the client is asked: {text}"));
        let answer = match answers.pop_front() {
            Some(answer) => answer,
            None => {
                let _quiet = self.printer.quiet();
                typed(&format!("{} ", text.trim_end()), question.shown, self.signals).map_err(
                    |why| match why {
                        NoAnswer::Interrupted(_) => Stop::With(NOT_DECIDED),
                        NoAnswer::Failed(_) => Stop::With(UNANSWERED),
                    },
                )?
            }
        };
        person.answer(&answer);
        Ok(())
    }
}

/// A line of a log. Between two runs of a program there is an empty one.
fn show(printer: &Printer, who: Who, line: &Line) {
    if !line.text.is_empty() {
        printer.line(who, &line.text, line.at);
    }
}

fn has_ended(person: &Person) -> bool {
    person.client().log().count(Mark::START, ENDED) > 0
}

/// What is known of a server that nobody stopped.
fn why_it_ended(server: &Server) -> String {
    let log = server.log();
    // The last line, behind all that OpenVPN printed.
    let last = log.wait_match(Mark::START, Instant::now() + LAST_LINE, |text| text.contains(ENDED));
    let how = last.map_or_else(String::new, |line| format!(" ({})", line.text.trim_matches(['[', ']'])));
    let why = if log.count(Mark::START, "Exiting due to fatal error") > 0 {
        "its last lines say why"
    } else if log.count(Mark::START, "process exiting") > 0 {
        "it got a signal"
    } else {
        "OpenVPN logged no reason, so it crashed, was killed, or the plugin called exit"
    };
    format!("the server has ended by itself{how}: {why}")
}

fn build(task: &Task, signals: &Signals) -> Result<PathBuf, Stop> {
    let directory = std::env::current_dir().map_err(|error| error.to_string())?;
    let words: Vec<&str> = task.build.iter().map(String::as_str).collect();
    build_cdylib(directory, &words).map_err(|error| match signals.came() {
        Some(_) => Stop::With(NOT_DECIDED),
        None => Stop::Failed(error.to_string()),
    })
}

/// What OpenVPN calls itself.
fn version(server: &Server) -> String {
    let output = ovpn_plugin_test::command::find(&server.openvpn().to_string_lossy()).and_then(|file| {
        std::process::Command::new(file).arg("--version").stdin(Stdio::null()).output().ok()
    });
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    if words.is_empty() { "OpenVPN".into() } else { words.join(" ") }
}

fn given_or_typed(
    given: Option<String>,
    prompt: &str,
    echo: bool,
    option: &str,
    signals: &Signals,
) -> Result<String, Stop> {
    given.map_or_else(
        || {
            typed(prompt, echo, signals).map_err(|why| match why {
                NoAnswer::Interrupted(_) => Stop::With(NOT_DECIDED),
                NoAnswer::Failed(error) => {
                    Stop::Failed(format!("there is no terminal to ask on ({error}): use {option}"))
                }
            })
        },
        Ok,
    )
}

fn typed(prompt: &str, echo: bool, signals: &Signals) -> Result<String, NoAnswer> {
    let answer = Terminal::open()?.ask(prompt, echo, signals)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
