use std::collections::{BTreeMap, BTreeSet};

use super::super::text::PREFIX;
use super::*;
use crate::metrics::messages::MAX_TEXT;
use crate::supervisor::attempt::tests::attempt;
use crate::supervisor::counters::{Counters, SessionCounts, Totals, WorkerCounts};
use crate::supervisor::outcome::{judge, tests::every_outcome};

/// Every outcome there is, once.
fn counters_of_every_outcome() -> Counters {
    let (mut counters, attempt) = (Counters::default(), attempt(1, "alice", "192.0.2.1"));
    for (outcome, _) in every_outcome() {
        let (verdict, _) = judge(&attempt, attempt.arrived, &outcome, Duration::ZERO);
        counters.concluded(&verdict, &outcome, Duration::from_millis(3));
    }
    counters
}

fn snapshot(counters: &Counters) -> Snapshot<'_> {
    Snapshot {
        counters,
        up: Duration::from_secs(7),
        restarts: 2,
        waiting: 3,
        oldest_waiting: Some(Duration::from_millis(1500)),
        max_waiting: 1024,
        held: 4,
        workers: WorkerCounts { idle: 1, running: 2, ..WorkerCounts::default() },
        max_workers: 10,
        longest_running: None,
        questions: 5,
        max_questions: 64,
        sessions: SessionCounts { open: 6, ..SessionCounts::default() },
        max_sessions: 100,
        breaker_is_open: true,
        penalised: 1,
    }
}

/// Values by what stands before them.
fn values(text: &str) -> BTreeMap<&str, f64> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let pairs = lines.iter().map(|line| line.rsplit_once(' ').expect("a value"));
    let values: BTreeMap<_, _> = pairs.map(|(name, value)| (name, value.parse().expect(value))).collect();
    assert_eq!(values.len(), lines.len(), "a line twice: {text}");
    values
}

#[test]
fn each_figure_is_published() {
    let counters = counters_of_every_outcome();
    let text = render("server1", &snapshot(&counters));
    let values = values(&text);
    let sum = |name: &str| {
        let of_name =
            values.iter().filter(|(key, _)| key.split('{').next() == Some(&*format!("{PREFIX}{name}")));
        of_name.map(|(_, value)| value).sum::<f64>()
    };
    let decided = |cause| VerdictKind::ALL.iter().map(|kind| counters.attempts(*kind, cause)).sum::<u64>();
    let attempts: u64 = VerdictCause::ALL.iter().map(|cause| decided(*cause)).sum();
    assert!(attempts > 20);
    for (name, expected) in [
        ("attempts_total", attempts as f64),
        ("pam_results_total", decided(VerdictCause::Pam) as f64),
        ("supervisor_restarts_total", 2.0),
        ("attempts_waiting", 3.0),
        ("oldest_waiting_seconds", 1.5),
        ("longest_running_seconds", 0.0),
        ("refusals_held", 4.0),
        ("workers", 3.0),
        ("workers_limit", 10.0),
        ("questions_waiting", 5.0),
        ("sessions", 6.0),
        ("backend_away", 1.0),
        ("sources_penalized", 1.0),
    ] {
        assert_eq!(sum(name), expected, "{name} in {text}");
    }
    assert_eq!(values[r#"openvpn_auth_pam_workers{server="server1",state="running"}"#], 2.0);
    let count =
        values[r#"openvpn_auth_pam_attempt_duration_seconds_count{server="server1",verdict="rejected"}"#];
    let all = values[r#"openvpn_auth_pam_attempt_duration_seconds_bucket{server="server1",verdict="rejected",le="+Inf"}"#];
    assert!(count > 0.0 && count == all, "{text}");
    let started = sum("start_time_seconds");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((now - 9.0..now - 6.0).contains(&started), "{started} at {now}");
}

/// A counter that is declared and that no family has is one that nobody sees.
#[test]
fn each_counter_is_published() {
    let mut counters = Counters::default();
    counters.totals = Totals::all_different();
    let text = render("server1", &snapshot(&counters));
    let published: Vec<f64> = values(&text).into_values().collect();
    for (name, count) in counters.totals.by_name() {
        assert!(published.contains(&(count as f64)), "{name} is in no family: {text}");
    }
}

/// A label whose values a client could make more of would fill the collector's memory. What every login can do is here, so the
/// lines of a text can only be these.
#[test]
fn the_text_is_bounded_however_many_log_in() {
    let text = render(&"x".repeat(128), &snapshot(&counters_of_every_outcome()));
    assert!(text.len() < MAX_TEXT * 3 / 4, "{} bytes", text.len());
    let expected = render("x", &snapshot(&Counters::default()));
    let (with, without) = (text.lines().count(), expected.lines().count());
    let codes = counters_of_every_outcome().codes().count();
    assert_eq!(with, without + codes, "a series that is not there from the start: {text}");
}

#[test]
fn names_are_as_prometheus_wants_them() {
    let mut names = BTreeSet::new();
    for Family { name, kind, labels, help, .. } in FAMILIES {
        assert!(names.insert(name), "{name} twice");
        let plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(plain(name) && labels.iter().all(|label| plain(label)), "{name} {labels:?}");
        assert_eq!(*kind == MetricType::Counter, name.ends_with("_total"), "{name}");
        assert!(help.ends_with('.') && !help.contains(['\\', '\n', '|']), "{name}: {help}");
        for label in *labels {
            assert!(
                !["username", "user", "address", "source", "server", "instance", "job", "le"].contains(label),
                "{name}"
            );
        }
    }
}

/// The table of docs/metrics.md.
fn table() -> String {
    let mut table = String::from("| name | type | labels | meaning |\n|---|---|---|---|\n");
    for Family { name, kind, labels, help, .. } in FAMILIES {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        table += &format!("| `{PREFIX}{name}` | {} | {} | {help} |\n", kind.word(), labels.join(", "));
    }
    table
}

#[test]
fn the_document_has_every_figure() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let document = std::fs::read_to_string(path).unwrap();
    let table = table();
    assert!(document.contains(&table), "{path} must have this table:\n{table}");
}

/// The dashboard and the alerts ask for nothing that is not published.
#[test]
fn what_is_looked_at_is_there() {
    let mut asked = BTreeSet::new();
    for file in ["grafana/openvpn-auth-pam.json", "prometheus/openvpn-auth-pam.rules.yml"] {
        let path = format!("{}/../../packaging/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices(PREFIX).filter(|(at, _)| !text[..*at].ends_with("server:")) {
            let name = text[at + PREFIX.len()..].split(|c: char| !c.is_ascii_lowercase() && c != '_').next();
            let name = name.unwrap_or_default();
            let family = FAMILIES.iter().find(|family| {
                family.name == name
                    || (family.kind == MetricType::Histogram && format!("{}_bucket", family.name) == name)
            });
            assert!(family.is_some(), "{path}: there is no {PREFIX}{name}");
            asked.insert(name.to_string());
        }
    }
    assert!(asked.len() > 10, "{asked:?}");
}
