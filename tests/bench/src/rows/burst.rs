//! Many deferred logins at once: how long each call blocks the server, and when all have their verdict.
//!
//! Each round has a process, and so a pool of workers, of its own.

use crate::bench::{Bench, Side};
use crate::burst::Origin;
use crate::memory::helpers;
use crate::plugin_process::PluginProcess;
use crate::row::{Figure, Group, Unit};
use harness::EtcPamService;
use harness::pids_cgroup::PidsCgroup;

const MEAN: Figure = Figure::new("a call blocks, mean", Unit::Seconds).charted();
const P99: Figure = Figure::new("a call blocks, p99", Unit::Seconds);
/// Of each round; then their median, for a pause of the machine is in one round and not in the other.
const MAX: Figure = Figure::new("a call blocks, max of a round", Unit::Seconds);
const WORST: Figure = Figure::new("a call blocks, max of all rounds", Unit::Seconds).worst();
const DRAIN: Figure = Figure::new("until the last verdict", Unit::Seconds).charted();
const REFUSED: Figure = Figure::new("refused", Unit::Count).worst();
const PROCESSES: Figure = Figure::new("most processes", Unit::Count).worst();
const MEMORY: Figure = Figure::new("PSS of the helpers afterwards", Unit::Bytes);

/// Before a burst on a stack that is known to be quick.
const QUICK_LOGINS: usize = 20;

pub(super) fn groups() -> Vec<Group> {
    let group = |name, rounds, figures: [Figure; 7], start| Group {
        name,
        figures: figures.to_vec(),
        rounds,
        long: false,
        start,
    };
    let one_address = |name, drain, start| Group {
        name,
        figures: vec![REFUSED.at_most(0.0), drain, MAX, WORST],
        rounds: 3,
        long: false,
        start,
    };
    vec![
        one_address("burst of 300 from one address, 0.5 s stack", DRAIN, |bench, side| {
            Box::new(move || one_address_burst(bench, side, 300))
        }),
        one_address("burst of 1000 from one address, 0.5 s stack", DRAIN.ratio(2.0), |bench, side| {
            Box::new(move || one_address_burst(bench, side, 1000))
        }),
        group(
            "burst of 300, pam_permit",
            7,
            [MEAN.ratio(0.05), P99, MAX, WORST, DRAIN, PROCESSES, MEMORY],
            |bench, side| Box::new(move || burst(bench, side, 300, "", &bench.permit)),
        ),
        group(
            "burst of 300, pam_permit, grace=0",
            7,
            [MEAN.ratio(0.05), P99, MAX, WORST, DRAIN, PROCESSES, MEMORY],
            |bench, side| Box::new(move || burst(bench, side, 300, "grace=0", &bench.permit)),
        ),
        group(
            "burst of 1000, pam_permit",
            7,
            [MEAN, P99, MAX, WORST, DRAIN.ratio(1.0 / 3.0), PROCESSES.at_most(512.0), MEMORY],
            |bench, side| Box::new(move || burst(bench, side, 1000, "", &bench.permit)),
        ),
        group(
            "burst of 1000, pam_permit, grace=0",
            7,
            [MEAN, P99, MAX, WORST, DRAIN.ratio(1.0 / 3.0), PROCESSES.at_most(512.0), MEMORY],
            |bench, side| Box::new(move || burst(bench, side, 1000, "grace=0", &bench.permit)),
        ),
        group(
            "burst of 300, 0.5 s stack",
            5,
            [MEAN, P99, MAX, WORST, DRAIN, PROCESSES, MEMORY],
            |bench, side| Box::new(move || burst(bench, side, 300, "", &bench.half_second)),
        ),
        group(
            "burst of 300, 0.5 s stack, after quick logins",
            3,
            [MEAN, P99, MAX, WORST, DRAIN, PROCESSES, MEMORY],
            |bench, side| Box::new(move || burst_after_quick_logins(bench, side)),
        ),
        group(
            "burst of 1000, 0.5 s stack",
            5,
            [MEAN, P99, MAX.at_most(0.005), WORST, DRAIN.ratio(2.0), PROCESSES, MEMORY],
            |bench, side| Box::new(move || burst(bench, side, 1000, "", &bench.half_second)),
        ),
        group(
            "burst of 1000, 0.5 s stack, grace=0",
            5,
            [MEAN, P99, MAX.at_most(0.005), WORST, DRAIN, PROCESSES, MEMORY],
            |bench, side| Box::new(move || burst(bench, side, 1000, "grace=0", &bench.half_second)),
        ),
        group(
            "burst of 1000, 0.5 s stack, max-workers=1000",
            5,
            [MEAN, P99, MAX.at_most(0.005), WORST, DRAIN.ratio(1.1), PROCESSES, MEMORY],
            |bench, side| Box::new(move || burst(bench, side, 1000, "max-workers=1000", &bench.half_second)),
        ),
    ]
}

fn burst(bench: &Bench, side: Side, count: usize, options: &str, service: &EtcPamService) -> Vec<f64> {
    let cgroup = PidsCgroup::new();
    let mut process = PluginProcess::start();
    if let Ok(cgroup) = &cgroup {
        process.enter(cgroup);
    }
    process.open(bench.plugin(side), &Bench::words(side, options, service));
    measured(&mut process, cgroup.ok().as_ref(), count, "ada")
}

/// The stack has been quick, and is not any more: our plugin waits its whole grace once.
fn burst_after_quick_logins(bench: &Bench, side: Side) -> Vec<f64> {
    let mut process = PluginProcess::start();
    process.open(bench.plugin(side), &Bench::words(side, "", &bench.half_second_for_some));
    process.logins(QUICK_LOGINS, "ada", "engine");
    measured(&mut process, None, 300, "slow")
}

/// All of one address, with what is refused as one of the figures.
fn one_address_burst(bench: &Bench, side: Side, count: usize) -> Vec<f64> {
    let mut process = bench.plugin_process(side, "", &bench.half_second);
    let burst = process.burst_from(Origin::OneAddress, count, "ada", "engine");
    // Logins that are turned away cost no time: nothing to compare with.
    let drain = if burst.refused > 0.0 { f64::NAN } else { burst.drain };
    vec![burst.refused, drain, burst.worst, burst.worst]
}

fn measured(process: &mut PluginProcess, cgroup: Option<&PidsCgroup>, count: usize, user: &str) -> Vec<f64> {
    let burst = process.burst(count, user, "engine");
    let figures = [burst.mean, burst.percentile_99, burst.worst, burst.worst, burst.drain];
    let most = cgroup.and_then(most_processes).unwrap_or(f64::NAN);
    figures.into_iter().chain([most, helpers(process.pid()).bytes]).collect()
}

/// The most processes there were besides the first; not known to kernels before Linux 6.1 (6.11 for cgroup v1).
fn most_processes(cgroup: &PidsCgroup) -> Option<f64> {
    let text = std::fs::read_to_string(cgroup.procs_file().with_file_name("pids.peak")).ok()?;
    text.trim().parse::<f64>().ok().map(|most| most - 1.0)
}
