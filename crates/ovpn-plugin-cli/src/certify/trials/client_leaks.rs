//! Whether what a client needs is given up when it is gone.

use std::time::{Duration, Instant};

use ovpn_plugin_host::{OpenPlugin, process};

use super::Subject;
use super::common::open_again;
use crate::certify::process_snapshot::{Snapshot, delayed};
use crate::certify::results::UNCHECKED;
use crate::certify::trial_process::TrialProcess;

/// The first lives, of which each may take so long on average: a plugin that is slower is not counted.
const FIRST: usize = 5;
const SLOW: Duration = Duration::from_millis(400);
/// Lives of a round.
const ROUND: usize = 50;
/// Tables, buffers and the allocator's own lists find their size in the first hundreds. What is kept in each round is a leak;
/// of fewer it is only noted.
const ENOUGH: usize = 500;
const PATIENCE: Duration = Duration::from_secs(45);
/// What malloc hands out takes at least so many bytes; less on average is no leak of each client.
const LEAST_BYTES: usize = 24;

pub(super) fn client_leaks(process: &TrialProcess, subject: &Subject) {
    let report = &process.report;
    let Some(plugin) = open_again(process, subject, "opens") else { return };
    let start = Instant::now();
    let tried =
        (0..FIRST).take_while(|_| start.elapsed() < SLOW * 2 && live(process, &plugin, subject)).count();
    if tried < FIRST || start.elapsed() > SLOW * 5 {
        for id in ["leak-memory", "leak-descriptors"] {
            report.note(id, format!("{UNCHECKED}: a client takes too long to try many"));
        }
        return;
    }
    let before = Snapshot::take();
    let (mut lives, mut kept, start) = (0, None, Instant::now());
    // Waiting for a processor is not the plugin's fault.
    let is_slow = || start.elapsed() > PATIENCE + delayed().saturating_sub(before.delayed);
    while lives < ENOUGH && !is_slow() {
        let before = process::allocated_bytes();
        let done = (0..ROUND).take_while(|_| live(process, &plugin, subject)).count();
        let grown =
            process::allocated_bytes().zip(before).map(|(after, before)| after.saturating_sub(before));
        lives += done;
        let each = grown.map_or(0, |grown| grown / done.max(1));
        kept = grown.map(|_| kept.map_or(each, |least: usize| least.min(each)));
        if done < ROUND || kept.is_none_or(|kept| kept < LEAST_BYTES) {
            break;
        }
    }
    let after = Snapshot::take();
    match kept {
        None => report.note("leak-memory", "it cannot be counted on this machine"),
        Some(kept) if kept < LEAST_BYTES => report.pass("leak-memory"),
        Some(kept) if lives < ENOUGH => {
            report.note(
                "leak-memory",
                format!("each of {lives} clients leaves about {kept} bytes; more take too long"),
            );
        }
        Some(kept) => {
            report.fail("leak-memory", format!("each of {lives} clients leaves about {kept} bytes"))
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

fn live(process: &TrialProcess, plugin: &OpenPlugin, subject: &Subject) -> bool {
    process.report.at("one client after another");
    plugin.server_life(&subject.login, subject.patience).is_ok()
}
