//! What a question costs the server, and what those cost that wait for an answer.

use crate::bench::{Bench, Side};
use crate::memory::{helpers, settle};
use crate::plugin_process::PluginProcess;
use crate::row::{Figure, Group, Probe, Unit};
use harness::EtcPamService;

/// Questions in one round.
const COUNT: usize = 50;
/// Questions that are open at the same time.
const OPEN: usize = 100;

pub(super) fn groups() -> Vec<Group> {
    let asked = Figure::new("asked", Unit::Seconds);
    let answered = Figure::new("answered", Unit::Seconds);
    vec![
        Group::new(
            "question, quick stack, default mode",
            10,
            &[asked.ratio(1.0), answered],
            |bench, side| times(bench, side, false, &bench.asks, "ada", "engine"),
        ),
        Group::new(
            "question, pam_unix first, default mode",
            5,
            &[asked.ratio(1.0), answered],
            |bench, side| {
                let (user, password) = (bench.account.name(), bench.account.password());
                times(bench, side, false, &bench.unix_and_asks, user, password)
            },
        ),
        Group::new("question, quick stack, deferred", 10, &[asked, answered], |bench, side| {
            times(bench, side, true, &bench.asks, "ada", "engine")
        }),
        Group::new(
            "100 open questions, after pam_unix",
            1,
            &[Figure::new("PSS each", Unit::Bytes).at_most(1024.0 * 1024.0)],
            |bench, side| Box::new(move || open(bench, side)),
        ),
    ]
}

fn process(bench: &Bench, side: Side, service: &EtcPamService) -> PluginProcess {
    bench.plugin_process(side, &format!("challenge=yes max-suspended={OPEN}"), service)
}

/// The C plugin gives the password a second time, and such a stack takes that for an answer.
fn times<'a>(
    bench: &'a Bench,
    side: Side,
    deferred: bool,
    service: &'a EtcPamService,
    user: &'a str,
    password: &'a str,
) -> Probe<'a> {
    let mut process = process(bench, side, service);
    process.questions(1, user, password, deferred);
    Box::new(move || process.questions(COUNT, user, password, deferred).to_vec())
}

/// The C plugin has none.
fn open(bench: &Bench, side: Side) -> Vec<f64> {
    if side == Side::C {
        return vec![f64::NAN];
    }
    let mut process = process(bench, side, &bench.unix_and_asks);
    settle();
    let before = helpers(process.pid()).bytes;
    process.open_questions(OPEN, bench.account.name(), bench.account.password());
    settle();
    vec![(helpers(process.pid()).bytes - before) / 100.0]
}
