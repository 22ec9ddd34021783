//! Whether a login costs more the more there were before: time, memory, descriptors over 100,000 of them.

use crate::bench::{Bench, Side};
use crate::memory::{self, helpers, lossy, settle};
use crate::plugin_process::PluginProcess;
use crate::row::{Figure, Group, Unit};
use crate::stats::median;

const TENTHS: usize = 10;
const LOGINS: usize = 10_000;
const BURST: usize = 1_000;
const WORKER_LIFE: usize = 1_000;

pub(super) fn groups() -> Vec<Group> {
    let figures = vec![
        Figure::new("time of one, first 10,000", Unit::Seconds),
        Figure::new("time of one, last 10,000", Unit::Seconds),
        Figure::new("time, last 10,000 to first", Unit::Count).at_most(1.1),
        Figure::new("PSS of the helpers, after 10,000", Unit::Bytes),
        Figure::new("PSS of the helpers, at the end", Unit::Bytes),
        Figure::new("PSS, end to after 10,000", Unit::Count).at_most(1.1),
        Figure::new("descriptors more than after 10,000", Unit::Count).at_most(0.0),
        Figure::new("processes more than after 10,000", Unit::Count).at_most(0.0),
    ];
    let group = |name, start| Group { name, figures: figures.clone(), rounds: 1, long: true, start };
    vec![
        group("long: 100,000 logins in a row, pam_permit", |bench, side| {
            Box::new(move || series(bench, side, |process| process.logins(LOGINS, "ada", "engine")))
        }),
        group("long: 100 bursts of 1,000 deferred logins, pam_permit", |bench, side| {
            Box::new(move || {
                series(bench, side, |process| {
                    let drains: Vec<f64> =
                        (0..LOGINS / BURST).map(|_| process.burst(BURST, "ada", "engine").drain).collect();
                    median(&drains) / lossy(BURST as u64)
                })
            })
        }),
    ]
}

/// Takes `tenth`, which gives the time of one login, ten times, and compares the last with the first.
fn series(bench: &Bench, side: Side, tenth: impl Fn(&mut PluginProcess) -> f64) -> Vec<f64> {
    let mut process = bench.plugin_process(side, "", &bench.permit);
    // A worker leaves after a thousand logins: not to be looked at right then.
    process.logins(WORKER_LIFE / 2, "ada", "engine");
    let looked: Vec<[f64; 4]> = (0..TENTHS)
        .map(|number| {
            let time = tenth(&mut process);
            settle();
            let held = helpers(process.pid());
            let descriptors = held.descriptors + lossy(memory::descriptors(process.pid()));
            let (bytes, processes) = (held.bytes, held.processes);
            eprintln!(
                "  {:>6} logins: {:.1} us each, PSS {:.0} KiB, {descriptors} descriptors, {processes} processes",
                (number + 1) * LOGINS,
                time * 1e6,
                bytes / 1024.0
            );
            [time, bytes, descriptors, processes]
        })
        .collect();
    let (first, last) = (looked[0], looked[TENTHS - 1]);
    vec![
        first[0],
        last[0],
        last[0] / first[0],
        first[1],
        last[1],
        last[1] / first[1],
        last[2] - first[2],
        last[3] - first[3],
    ]
}
