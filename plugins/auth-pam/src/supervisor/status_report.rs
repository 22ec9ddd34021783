//! How things stand, as lines of text: a word, numbers, and last what a client chose, escaped. `ovpn-plugin status` reads them;
//! a person can. Lines may be added, and so may numbers before what comes last, never.
//!
//! Times are seconds. `-` stands for nothing. What clients chose stands behind what they did not, so that no name can pass for
//! a number. Long lists are cut, and the count of the rest is said.

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use super::Supervisor;
use super::counters::{Snapshot, VerdictCause, VerdictKind};
use super::events::WorkerId;
use super::sessions::session::SessionStage;
use super::source::Source;
use super::workers::Doing;
use crate::quoted::shown;

/// Lines of one list.
const MOST_ROWS: usize = 256;
/// Which of the last times are reported.
const PERCENTS: [usize; 3] = [50, 90, 99];

/// Seconds, as they are written.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0.as_secs(), self.0.subsec_micros())
    }
}

/// Seconds, or that there are none.
fn or_none(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".into(), |time| Seconds(time).to_string())
}

/// The lines.
#[derive(Default)]
struct ReportText(String);

impl ReportText {
    fn line(&mut self, line: fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = writeln!(self.0, "{line}");
    }

    /// The first so many, and how many there are more.
    fn list(&mut self, name: &str, rows: impl Iterator<Item = String>) {
        let mut more = 0;
        for (number, row) in rows.enumerate() {
            if number < MOST_ROWS {
                self.line(format_args!("{name} {row}"));
            } else {
                more += 1;
            }
        }
        if more > 0 {
            self.line(format_args!("more {name} {more}"));
        }
    }
}

impl Supervisor {
    /// How things stand.
    pub(super) fn report(&self, now: Instant) -> String {
        let snapshot = self.snapshot(now);
        let mut lines = ReportText::default();
        let server =
            self.settings.config_name.as_deref().map_or_else(|| "-".into(), |name| shown(name.as_bytes()));
        lines.line(format_args!("server {server}"));
        lines.line(format_args!("version {}", env!("CARGO_PKG_VERSION")));
        counters(&mut lines, &snapshot);
        gauges(&mut lines, &snapshot);
        self.lists(&mut lines, now);
        lines.0
    }

    fn lists(&self, lines: &mut ReportText, now: Instant) {
        let source =
            |source: Source| source.display(self.settings.config.prefixes).to_string().replace(' ', "-");
        let since = |then: Instant| Seconds(now.saturating_duration_since(then));
        let until = |then: Instant| Seconds(then.saturating_duration_since(now));
        let tallies = self.scheduler.waiting_by_source();
        lines.list(
            "source",
            tallies.iter().map(|(of, waiting, running)| format!("{waiting} {running} {}", source(*of))),
        );
        lines.list(
            "worker",
            self.workers.doing().map(|(id, pid, born, doing)| {
                let (word, then, whose) = match doing {
                    Doing::Runs(attempt) => {
                        ("running", attempt.arrived, Some((attempt.source, &attempt.username)))
                    }
                    Doing::Waits(word) => (word, born, self.of_worker(id)),
                    Doing::Other(word, then) => (word, then, None),
                };
                let (from, user) = whose
                    .map_or_else(|| ("-".into(), "-".into()), |(from, user)| (source(from), shown(user)));
                format!(
                    "{} {} {} {word} {from} {user}",
                    pid.map_or(0, nix::unistd::Pid::as_raw),
                    since(born),
                    since(then)
                )
            }),
        );
        lines.list(
            "question",
            self.waiting_questions
                .all()
                .iter()
                .map(|one| format!("{} {} {}", until(one.until), source(one.source), shown(&one.username))),
        );
        lines.list(
            "session",
            self.sessions.all().iter().map(|one| {
                let (word, time) = match one.stage {
                    SessionStage::LetIn { until: then } => ("let_in", until(then)),
                    SessionStage::Opening { since: then, .. } => ("opening", since(then)),
                    SessionStage::Open { since: then } => ("open", since(then)),
                    SessionStage::Closing { since: then, .. } => ("closing", since(then)),
                };
                format!("{word} {time} {} {}", source(one.source), shown(&one.checked))
            }),
        );
        let mut closed: Vec<_> = self.penalties.closed(now).collect();
        closed.sort_by_key(|one| std::cmp::Reverse((one.left, one.source)));
        lines.list(
            "penalty",
            closed.iter().map(|one| {
                let (length, left) = (Seconds(one.penalty.length), Seconds(one.left));
                format!("{} {length} {left} {}", one.penalty.failures, source(one.source))
            }),
        );
    }

    /// The source and the user for whom a worker waits.
    fn of_worker(&self, worker: WorkerId) -> Option<(Source, &Vec<u8>)> {
        let asked = self.waiting_questions.all().iter().find(|one| one.worker == worker);
        let session = self.sessions.all().iter().find(|one| one.worker == worker);
        asked.map(|one| (one.source, &one.username)).or_else(|| session.map(|one| (one.source, &one.checked)))
    }
}

fn counters(lines: &mut ReportText, snapshot: &Snapshot<'_>) {
    let Snapshot { counters, up, restarts, .. } = snapshot;
    lines.line(format_args!("up {}", Seconds(*up)));
    lines.line(format_args!("restarts {restarts}"));
    for (kind, cause) in
        VerdictKind::ALL.iter().flat_map(|kind| VerdictCause::ALL.iter().map(|cause| (*kind, *cause)))
    {
        let count = counters.attempts(kind, cause);
        if count > 0 {
            lines.line(format_args!("attempts {count} {} {}", kind.label(), cause.label()));
        }
    }
    for (name, count) in counters.codes() {
        lines.line(format_args!("pam {count} {name}"));
    }
    if let Some(times) = counters.recent.percentiles(PERCENTS) {
        let [half, most, nearly_all] = times.map(Seconds);
        lines.line(format_args!("took {} {half} {most} {nearly_all}", counters.recent.len()));
    }
    for kind in VerdictKind::ALL {
        let latency = counters.latency(*kind);
        if latency.count() > 0 {
            let within = latency.at_most().map(|(bound, count)| format!(" {}:{count}", Seconds(bound)));
            let within: String = within.collect();
            let (word, sum) = (kind.label(), Seconds(latency.sum()));
            lines.line(format_args!("latency {} {sum} {word}{within}", latency.count()));
        }
    }
    for (name, count) in counters.totals.by_name() {
        lines.line(format_args!("count {count} {name}"));
    }
}

fn gauges(lines: &mut ReportText, snapshot: &Snapshot<'_>) {
    let Snapshot { waiting, max_waiting, workers, sessions, .. } = snapshot;
    lines.line(format_args!("waiting {waiting} {max_waiting} {}", or_none(snapshot.oldest_waiting)));
    lines.line(format_args!("held {}", snapshot.held));
    lines.line(format_args!("longest_running {}", or_none(snapshot.longest_running)));
    for (word, count) in workers.by_state().into_iter().chain([("most", snapshot.max_workers)]) {
        lines.line(format_args!("workers {count} {word}"));
    }
    lines.line(format_args!("questions {} {}", snapshot.questions, snapshot.max_questions));
    for (word, count) in sessions.by_state().into_iter().chain([("most", snapshot.max_sessions)]) {
        lines.line(format_args!("sessions {count} {word}"));
    }
    lines.line(format_args!("backend {}", if snapshot.breaker_is_open { "away" } else { "there" }));
    lines.line(format_args!("penalised {}", snapshot.penalised));
}
