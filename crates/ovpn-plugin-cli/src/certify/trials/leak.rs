//! Whether what a client needs is given up when it is gone.

use std::time::{Duration, Instant};

use ovpn_plugin_host::{OpenPlugin, process};

use super::Subject;
use super::common::open_again;
use crate::certify::observe::Snapshot;
use crate::certify::stage::Stage;

/// Lives before anything is measured: buffers and tables find their size.
const WARM_UP: usize = 5;
/// Lives of a round, the fewest that say something, and how long a round may take.
const MOST: usize = 100;
const LEAST: usize = 10;
const ROUND: Duration = Duration::from_secs(3);
/// A life that keeps less is not accused: a table may just have grown.
const LEAST_BYTES: usize = 8;

pub(super) fn leak(stage: &Stage, subject: &Subject) {
    let report = &stage.report;
    let Some(plugin) = open_again(stage, subject, "opens") else { return };
    report.at("one client after another");
    let mut time_left = true;
    let start = Instant::now();
    for _ in 0..WARM_UP {
        time_left &= start.elapsed() < ROUND && live(&plugin, subject);
    }
    if !time_left {
        for id in ["leak-memory", "leak-descriptors"] {
            report.note(id, "clients take too long, so few were tried");
        }
        return;
    }
    let before = Snapshot::take();
    let (first, second) = (round(&plugin, subject), round(&plugin, subject));
    let after = Snapshot::take();
    let lives = first.lives + second.lives;
    memory(stage, first, second);
    let counts = [
        ("descriptors", before.descriptors.len(), after.descriptors.len()),
        ("threads", before.threads.len(), after.threads.len()),
        ("processes", before.forked.len(), after.forked.len()),
    ];
    let grown: Vec<String> = counts
        .iter()
        .filter(|(_, before, after)| after.saturating_sub(*before) * 2 >= lives)
        .map(|(what, before, after)| format!("{} {what} more after {lives} clients", after - before))
        .collect();
    report.fail_if_any("leak-descriptors", (!grown.is_empty()).then(|| grown.join(", ")));
    report.at("close");
}

fn live(plugin: &OpenPlugin, subject: &Subject) -> bool {
    plugin.server_life(&subject.login, subject.patience).is_ok()
}

#[derive(Clone, Copy)]
struct Round {
    lives: usize,
    /// Bytes that were kept.
    grown: Option<usize>,
}

fn round(plugin: &OpenPlugin, subject: &Subject) -> Round {
    let (start, before) = (Instant::now(), process::allocated_bytes());
    let mut lives = 0;
    while lives < MOST && start.elapsed() < ROUND && live(plugin, subject) {
        lives += 1;
    }
    let after = process::allocated_bytes();
    Round { lives, grown: before.zip(after).map(|(before, after)| after.saturating_sub(before)) }
}

/// Growth of both rounds: what grows once is a table or a buffer.
fn memory(stage: &Stage, first: Round, second: Round) {
    let report = &stage.report;
    let (Some(in_first), Some(in_second)) = (first.grown, second.grown) else {
        return report.note("leak-memory", "the C library of this machine does not count");
    };
    if first.lives < LEAST || second.lives < LEAST {
        return report.note("leak-memory", "clients take too long, so few were tried");
    }
    let each = (in_first / first.lives).min(in_second / second.lives);
    let what = (each >= LEAST_BYTES).then(|| format!("each client leaves about {each} bytes"));
    report.fail_if_any("leak-memory", what);
}
