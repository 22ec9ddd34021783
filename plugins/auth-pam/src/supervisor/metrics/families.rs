//! Every metric that is published: declared once, with its name, its meaning and where it comes from. docs/metrics.md has the
//! same table; a test compares.
//!
//! Names and units as Prometheus wants them (<https://prometheus.io/docs/practices/naming/>). No label is a username or an
//! address: their values stand in this file and in `counters.rs`, or are codes of PAM's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::text::{MetricType, Samples};
use crate::supervisor::counters::{LatencyHistogram, Snapshot, VerdictCause, VerdictKind};

/// One name, and its lines.
pub struct Family {
    /// Without the part that all begin with.
    pub name: &'static str,
    /// What it is.
    pub kind: MetricType,
    /// Labels beside `server`.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
    /// Writes the lines.
    lines: fn(&mut Samples<'_>, &Snapshot<'_>),
}

/// The whole file.
pub fn render(server: &str, snapshot: &Snapshot<'_>) -> String {
    let mut samples = Samples::new(server);
    for family in FAMILIES {
        samples.begin(family.name, family.labels, family.kind, family.help);
        (family.lines)(&mut samples, snapshot);
    }
    samples.into_text()
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    lines: fn(&mut Samples<'_>, &Snapshot<'_>),
) -> Family {
    Family { name, kind: MetricType::Counter, labels, help, lines }
}

const fn gauge(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    lines: fn(&mut Samples<'_>, &Snapshot<'_>),
) -> Family {
    Family { name, kind: MetricType::Gauge, labels, help, lines }
}

/// All of them.
pub const FAMILIES: &[Family] = &[
    gauge("info", &["version"], "1, and the version of the plugin.", |samples, _| {
        samples.add(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    }),
    gauge(
        "start_time_seconds",
        &[],
        "When the supervisor started, in seconds since 1970.",
        |samples, now| {
            let time =
                SystemTime::now().checked_sub(now.up).and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            samples.add(&[], time.unwrap_or_default().as_secs_f64());
        },
    ),
    counter(
        "supervisor_restarts_total",
        &[],
        "Supervisors that were started in place of one that had died.",
        |samples, now| {
            samples.add(&[], now.restarts);
        },
    ),
    counter(
        "attempts_total",
        &["verdict", "cause"],
        "Login attempts by their verdict and what decided them.",
        |samples, now| {
            for verdict in VerdictKind::ALL {
                for cause in VerdictCause::ALL {
                    let count = now.counters.attempts(*verdict, *cause);
                    if count > 0 || is_expected(*verdict, *cause) {
                        samples.add(&[("verdict", verdict.label()), ("cause", cause.label())], count);
                    }
                }
            }
        },
    ),
    counter(
        "pam_results_total",
        &["code"],
        "Transactions that PAM has ended, by PAM's code.",
        |samples, now| {
            for (code, count) in now.counters.codes() {
                samples.add(&[("code", code)], count);
            }
        },
    ),
    Family {
        name: "attempt_duration_seconds",
        kind: MetricType::Histogram,
        labels: &["verdict"],
        help: "From the arrival of an attempt to its verdict, of attempts that waited for a worker or for PAM.",
        lines: |samples, now| {
            for verdict in VerdictKind::ALL {
                histogram(samples, verdict.label(), now.counters.latency(*verdict));
            }
        },
    },
    counter(
        "cancelled_attempts_total",
        &[],
        "Attempts whose clients were gone before PAM was asked.",
        |samples, now| {
            samples.add(&[], now.counters.totals.cancelled);
        },
    ),
    counter(
        "unasked_refusals_total",
        &["blame"],
        "Attempts refused in OpenVPN's process, without PAM: for what the client sent, or not.",
        |samples, now| {
            samples.add(&[("blame", "client")], now.counters.totals.refused_by_front);
            samples.add(&[("blame", "other")], now.counters.totals.undecided_by_front);
        },
    ),
    gauge("attempts_waiting", &[], "Attempts that wait for a worker.", |samples, now| {
        samples.add(&[], now.waiting);
    }),
    gauge(
        "attempts_waiting_limit",
        &[],
        "Attempts that may wait for a worker (max-pending).",
        |samples, now| {
            samples.add(&[], now.max_waiting);
        },
    ),
    gauge(
        "oldest_waiting_seconds",
        &[],
        "How long the oldest of them waits; 0 if none does.",
        |samples, now| {
            samples.add(&[], seconds(now.oldest_waiting));
        },
    ),
    gauge("refusals_held", &[], "Refusals that wait for their time (refusal-time).", |samples, now| {
        samples.add(&[], now.held);
    }),
    gauge("workers", &["state"], "Worker processes by what they do.", |samples, now| {
        for (state, count) in now.workers.by_state() {
            samples.add(&[("state", state)], count);
        }
    }),
    gauge(
        "workers_limit",
        &[],
        "Workers that may run attempts at the same time (max-workers).",
        |samples, now| {
            samples.add(&[], now.max_workers);
        },
    ),
    gauge(
        "longest_running_seconds",
        &[],
        "How long ago the oldest running attempt came; 0 if none runs.",
        |samples, now| {
            samples.add(&[], seconds(now.longest_running));
        },
    ),
    counter("workers_forked_total", &[], "Workers that were started.", |samples, now| {
        samples.add(&[], now.counters.totals.workers_forked);
    }),
    counter("worker_fork_failures_total", &[], "Workers that could not be started.", |samples, now| {
        samples.add(&[], now.counters.totals.fork_failures);
    }),
    counter(
        "workers_ended_by_modules_total",
        &[],
        "Workers that a PAM module has ended while it ran.",
        |samples, now| {
            samples.add(&[], now.counters.totals.workers_ended_by_modules);
        },
    ),
    counter(
        "workers_killed_total",
        &[],
        "Workers that were killed: over the time limit, or not ready in time.",
        |samples, now| {
            samples.add(&[], now.counters.totals.workers_killed);
        },
    ),
    gauge("questions_waiting", &[], "Questions that wait for an answer.", |samples, now| {
        samples.add(&[], now.questions);
    }),
    gauge(
        "questions_waiting_limit",
        &[],
        "Questions that may wait for an answer (max-suspended); for a moment twice as many.",
        |samples, now| {
            samples.add(&[], now.max_questions);
        },
    ),
    counter("questions_answered_total", &[], "Questions that were answered.", |samples, now| {
        samples.add(&[], now.counters.totals.questions_answered);
    }),
    counter("questions_given_up_total", &[], "Questions that were given up.", |samples, now| {
        samples.add(&[], now.counters.totals.questions_given_up);
    }),
    gauge("sessions", &["state"], "PAM sessions by how far they are.", |samples, now| {
        for (state, count) in now.sessions.by_state() {
            samples.add(&[("state", state)], count);
        }
    }),
    gauge("sessions_limit", &[], "Sessions that may be open (max-sessions).", |samples, now| {
        samples.add(&[], now.max_sessions);
    }),
    counter(
        "session_events_total",
        &["event"],
        "PAM sessions: opened, closed, not opened, lost without being closed.",
        |samples, now| {
            let counters = now.counters;
            for (event, count) in [
                ("opened", counters.totals.sessions_opened),
                ("closed", counters.totals.sessions_closed),
                ("refused", counters.totals.sessions_refused),
                ("lost", counters.totals.sessions_lost),
            ] {
                samples.add(&[("event", event)], count);
            }
        },
    ),
    counter(
        "client_options_total",
        &["result"],
        "Clients that got their options, or could not (client-options).",
        |samples, now| {
            samples.add(&[("result", "given")], now.counters.totals.options_given);
            samples.add(&[("result", "refused")], now.counters.totals.options_refused);
        },
    ),
    gauge(
        "backend_away",
        &[],
        "1 if PAM's backend cannot be reached for anybody, else 0.",
        |samples, now| {
            samples.add(&[], u8::from(now.breaker_is_open));
        },
    ),
    counter(
        "backend_outages_total",
        &[],
        "How often PAM's backend was found unreachable for all users.",
        |samples, now| {
            samples.add(&[], now.counters.totals.breaker_opened);
        },
    ),
    gauge(
        "sources_penalized",
        &[],
        "Sources whose logins are refused for their failures (penalties).",
        |samples, now| {
            samples.add(&[], now.penalised);
        },
    ),
    counter("penalties_total", &[], "How often a source was closed for its failures.", |samples, now| {
        samples.add(&[], now.counters.totals.penalties);
    }),
];

/// Whether there can be such attempts: then there is a line from the start, so that the first one is an increase.
fn is_expected(verdict: VerdictKind, cause: VerdictCause) -> bool {
    match cause {
        VerdictCause::Pam => verdict != VerdictKind::Asked,
        VerdictCause::Question | VerdictCause::QuestionAgain => verdict == VerdictKind::Asked,
        VerdictCause::NoQuestion
        | VerdictCause::WorkerDistrusted
        | VerdictCause::TooManySessionsOfUser
        | VerdictCause::Revoked => verdict == VerdictKind::Rejected,
        VerdictCause::WorkerEnded => matches!(verdict, VerdictKind::Rejected | VerdictKind::Temporary),
        VerdictCause::Shortage
        | VerdictCause::TimeLimit
        | VerdictCause::WaitedTooLong
        | VerdictCause::QueueFull
        | VerdictCause::TooManyUnanswered
        | VerdictCause::TooManySessions
        | VerdictCause::NoWorker
        | VerdictCause::BackendAway
        | VerdictCause::Penalty => verdict == VerdictKind::Temporary,
    }
}

fn seconds(time: Option<Duration>) -> f64 {
    time.unwrap_or_default().as_secs_f64()
}

fn histogram(samples: &mut Samples<'_>, verdict: &str, latency: &LatencyHistogram) {
    let buckets = latency.at_most().map(|(bound, within)| (bound.as_secs_f64(), within));
    samples.histogram(&[("verdict", verdict)], buckets, latency.count(), latency.sum().as_secs_f64());
}

#[cfg(test)]
#[path = "families_tests.rs"]
mod tests;
