//! What came of a fault: an outcome, or what must not be.

use std::collections::{BTreeMap, BTreeSet};

use log_lines::{Section, explain, find};

use crate::run::Ran;

/// How a run went on after the fault, from harmless to grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// As without it.
    Retried,
    /// As without it, but that a line tells of it.
    Told,
    /// Something that no login depends on is missing.
    Without,
    /// A session has ended before its client.
    SessionLost,
    /// A login or a client was refused that is let in otherwise.
    Refused,
    /// The supervisor has ended, and another one has taken its place.
    Replaced,
    /// OpenVPN does not start.
    NotStarted,
}

impl Outcome {
    const ALL: [Self; 7] = [
        Self::Retried,
        Self::Told,
        Self::Without,
        Self::SessionLost,
        Self::Refused,
        Self::Replaced,
        Self::NotStarted,
    ];

    /// As the document has it.
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Self::Retried => "as without it",
            Self::Told => "as without it, with a line",
            Self::Without => "`status` or metrics missing",
            Self::SessionLost => "a session lost",
            Self::Refused => "an attempt refused",
            Self::Replaced => "the supervisor replaced",
            Self::NotStarted => "OpenVPN does not start",
        }
    }

    /// By that phrase.
    pub(crate) fn named(phrase: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.phrase() == phrase)
    }
}

/// What a run is held against: the same without a fault.
pub(crate) struct Usual {
    lines: BTreeSet<LineFound>,
    refusals: Refusals,
    steps: Vec<[String; 2]>,
}

/// The lines that tell of somebody who was refused, and how often each is there.
type Refusals = BTreeMap<LineFound, usize>;

/// What is found about a run.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// `None`: the call that was to fail was not made.
    pub(crate) outcome: Option<Outcome>,
    /// The lines that tell of it, as they are declared.
    pub(crate) lines: BTreeSet<LineFound>,
    /// What must not be.
    pub(crate) bugs: Vec<String>,
}

/// Steps whose login must not be let in, whatever fails.
const NEVER: [&str; 7] =
    ["login bad", "login wrong", "login crash", "login hang", "answer wrong name", "direct bad", "again bad"];
/// What those that are let in otherwise may be instead.
const NO: &str = "refused";

impl Usual {
    /// What a run without a fault was like.
    ///
    /// # Errors
    /// It was not as it should be.
    pub(crate) fn of(ran: &Ran) -> Result<Self, String> {
        let mut wrong = never(ran);
        let steps: Vec<[String; 2]> = steps(ran);
        for [step, result] in &steps {
            let expected = match step.as_str() {
                step if NEVER.contains(&step) => NO,
                "open" => "done",
                "question" => "asked",
                "status" => "answered",
                "close" | "end" => continue,
                _ => "accepted",
            };
            if result != expected {
                wrong.push(format!("{step}: {result}"));
            }
        }
        if !wrong.is_empty() {
            return Err(format!("{wrong:?}\n{}{}", ran.log, ran.errors));
        }
        Ok(Usual { lines: lines(&ran.log), refusals: refusals(&ran.log), steps })
    }

    /// Its lines are usual, too.
    pub(crate) fn add(&mut self, other: Self) {
        self.lines.extend(other.lines);
        for (line, count) in other.refusals {
            let most = self.refusals.entry(line).or_default();
            *most = count.max(*most);
        }
    }

    /// What is found about a run.
    pub(crate) fn judge(&self, ran: &Ran) -> Findings {
        let mut findings = Findings { bugs: never(ran), ..Findings::default() };
        if ran.watched.hit.is_none() {
            return findings;
        }
        let own = |text: &str| ran.steps.iter().any(|[step, result, _]| step == "open" && result == text);
        if own("not called") {
            // It was the host's own call.
            return findings;
        }
        findings.lines = lines(&ran.log).difference(&self.lines).cloned().collect();
        let steps = steps(ran);
        let mut refused = 0;
        for step in self.steps.iter().filter(|[step, _]| step != "close") {
            let others = steps.iter().filter(|other| other[0] == step[0]);
            let results: Vec<&str> = others.map(|other| other[1].as_str()).collect();
            refused +=
                usize::from(!results.contains(&step[1].as_str()) || results.contains(&NO) && step[1] != NO);
        }
        let result = |name: &str| steps.iter().find(|step| step[0] == name).map(|step| step[1].as_str());
        let without = result("status").is_some_and(|result| result != "answered");
        let says = |words: &str| findings.lines.iter().any(|line| line.text.contains(words));
        let replaced = says("starting another one");
        let lost = says("sessions of connected clients stay open") || says("session lost");
        let missing = says("metrics") || says("status");
        let outcome = if result("open") == Some("failed") {
            Outcome::NotStarted
        } else if replaced {
            Outcome::Replaced
        } else if refused > usize::from(without) {
            Outcome::Refused
        } else if lost {
            Outcome::SessionLost
        } else if without || missing {
            Outcome::Without
        } else if findings.lines.is_empty() {
            Outcome::Retried
        } else {
            Outcome::Told
        };
        // A line of a kind that is there in any case may tell of it too, if there is one more.
        if findings.lines.is_empty() && outcome > Outcome::Without {
            let usual = |line: &LineFound| self.refusals.get(line).copied().unwrap_or_default();
            let more = refusals(&ran.log).into_iter().filter(|(line, count)| *count > usual(line));
            findings.lines.extend(more.map(|(line, _)| line));
            if findings.lines.is_empty() {
                findings.bugs.push("no line tells of it".into());
            }
        }
        findings.outcome = Some(outcome);
        findings
    }
}

fn steps(ran: &Ran) -> Vec<[String; 2]> {
    ran.steps.iter().map(|[step, result, _]| [step.clone(), result.clone()]).collect()
}

/// What must not be, fault or not.
fn never(ran: &Ran) -> Vec<String> {
    let mut bugs = Vec::new();
    let mut found = |what: String| bugs.push(what);
    if let Some(left) = &ran.watched.stuck {
        found(format!("did not end: {left}"));
    }
    if ran.watched.end != "exited with status 0" {
        found(format!("OpenVPN's process {}", ran.watched.end));
    }
    for [step, result, _] in &ran.steps {
        if NEVER.contains(&step.as_str()) && result == "accepted" {
            found(format!("{step}: accepted"));
        }
        if result == "unanswered" {
            found(format!("{step}: no answer"));
        }
        if step == "close" && result.parse::<u32>().is_ok_and(|took| took > CLOSED_MS) {
            found(format!("closing took {result} ms"));
        }
    }
    let last = |name: &str| ran.steps.iter().rfind(|[step, ..]| step == name).map(|step| step[1].as_str());
    if last("open") == Some("done") && last("again good") != Some("accepted") {
        found("no login works any more".into());
    }
    if last("end").is_none() {
        found("the script was not played to its end".into());
    }
    for text in ["internal error", "panicked", "memory allocation of"] {
        if ran.log.contains(text) || ran.errors.contains(text) {
            found(format!("the log has '{text}'"));
        }
    }
    bugs
}

/// In milliseconds: how long the end of a server may take that has no sessions left.
const CLOSED_MS: u32 = 8000;

/// The lines that tell of somebody who was refused.
fn refusals(log: &str) -> Refusals {
    let mut found = Refusals::new();
    let texts = log.lines().filter_map(text).filter(|text| text.contains("' failed to authenticate: "));
    texts.filter_map(declared).for_each(|line| *found.entry(line).or_default() += 1);
    found
}

/// The lines of a log as they are declared, with words in braces.
fn lines(log: &str) -> BTreeSet<LineFound> {
    log.lines().filter_map(text).filter_map(declared).collect()
}

/// The text of a line that this plugin has logged, by OpenVPN's function or itself.
fn text(line: &str) -> Option<&str> {
    let of_host = line.split_once("AUTH-PAM\t");
    of_host.or_else(|| line.split_once("AUTH-PAM: ")).map(|(_, text)| text)
}

/// A line as it is declared; nothing if it only tells that the machine was busy.
fn declared(text: &str) -> Option<LineFound> {
    let own: &[&Section] = &auth_pam_lines::ALL;
    let more = [
        &ovpn_plugin::lines::LINES,
        &privsep::lines::LIFE,
        &privsep::lines::CHANGES,
        &privsep::lines::SOCKET,
        &openvpn_config::lines::LINES,
        &plugin_options::lines::LINES,
    ];
    let sections: Vec<&Section> = own.iter().chain(&more).copied().collect();
    let found = explain(&sections, text).or_else(|| find(&sections, text));
    let Some(declared) = found else {
        let text = text.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        return Some(LineFound { weight: 0, text });
    };
    if BUSY.iter().any(|busy| declared.text.contains(busy)) {
        return None;
    }
    // A reason says most.
    let weight = declared.kind.level().map_or(9, |level| 9 - level as usize);
    Some(LineFound { weight, text: declared.text.to_owned() })
}

/// In lines that tell that the machine was busy.
const BUSY: [&str; 2] = ["blocked OpenVPN for", "is slow"];

/// A line of the log as it is declared. Of several the last one tells most.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineFound {
    weight: usize,
    pub(crate) text: String,
}
