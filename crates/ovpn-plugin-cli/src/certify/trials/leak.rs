//! Whether what a client needs is given up when it is gone.

use std::time::{Duration, Instant};

use ovpn_plugin_host::{OpenPlugin, process};

use super::Subject;
use super::common::open_again;
use crate::certify::observe::Snapshot;
use crate::certify::stage::Stage;

/// The first lives, of which each may take so long on average: a plugin that is slower is not counted.
const FIRST: usize = 5;
const SLOW: Duration = Duration::from_millis(400);
/// Lives of a round, the fewest that say something, and how long a round may take.
const MOST: usize = 100;
const LEAST: usize = 4;
const ROUND: Duration = Duration::from_secs(1);
/// Tables, buffers and the allocator's own lists find their size in the first rounds. What is kept in each is a leak.
const ROUNDS: usize = 8;
/// What malloc hands out takes at least so many bytes; less on average is no leak of each client.
const LEAST_BYTES: usize = 24;

pub(super) fn leak(stage: &Stage, subject: &Subject) {
    let report = &stage.report;
    let Some(plugin) = open_again(stage, subject, "opens") else { return };
    let start = Instant::now();
    let tried =
        (0..FIRST).take_while(|_| start.elapsed() < SLOW * 2 && live(stage, &plugin, subject)).count();
    if tried < FIRST || start.elapsed() > SLOW * 5 {
        for id in ["leak-memory", "leak-descriptors"] {
            report.note(id, "a client takes too long to try many");
        }
        return;
    }
    let before = Snapshot::take();
    let mut lives = 0;
    let mut each = None;
    for _ in 0..ROUNDS {
        let round = round(stage, &plugin, subject);
        lives += round.lives;
        each = round.each.map(|now| each.map_or(now, |least: usize| least.min(now)));
        if each.is_none_or(|each| each < LEAST_BYTES) && lives >= MOST {
            break;
        }
    }
    let after = Snapshot::take();
    match each {
        None => report.note("leak-memory", "it cannot be counted on this machine"),
        Some(each) => {
            let what = (each >= LEAST_BYTES).then(|| format!("each client leaves about {each} bytes"));
            report.fail_if_any("leak-memory", what);
        }
    }
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

fn live(stage: &Stage, plugin: &OpenPlugin, subject: &Subject) -> bool {
    stage.report.at("one client after another");
    plugin.server_life(&subject.login, subject.patience).is_ok()
}

struct Round {
    lives: usize,
    /// Bytes that each kept.
    each: Option<usize>,
}

fn round(stage: &Stage, plugin: &OpenPlugin, subject: &Subject) -> Round {
    let (start, before) = (Instant::now(), process::allocated_bytes());
    let mut lives = 0;
    while lives < MOST && (lives < LEAST || start.elapsed() < ROUND) && live(stage, plugin, subject) {
        lives += 1;
    }
    let grown = process::allocated_bytes().zip(before).map(|(after, before)| after.saturating_sub(before));
    Round { lives, each: grown.filter(|_| lives >= LEAST).map(|grown| grown / lives) }
}
