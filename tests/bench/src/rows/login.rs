//! How long a login takes from the call into the plugin to its answer.

use crate::bench::{Bench, Side};
use crate::row::{Figure, Group, Probe, Unit};

pub(super) fn groups() -> Vec<Group> {
    let group = |name, most, start| Group {
        name,
        figures: vec![Figure::new("", Unit::Seconds).ratio(most)],
        rounds: 10,
        long: false,
        start,
    };
    vec![group("login, pam_permit", 0.25, permit), group("login, pam_unix", 1.0, unix)]
}

fn permit(bench: &Bench, side: Side) -> Probe<'_> {
    let mut process = bench.plugin_process(side, "", &bench.permit);
    process.logins(20, "ada", "engine");
    Box::new(move || vec![process.logins(200, "ada", "engine")])
}

fn unix(bench: &Bench, side: Side) -> Probe<'_> {
    let mut process = bench.plugin_process(side, "", &bench.unix);
    let (user, password) = (bench.account.name(), bench.account.password());
    process.logins(1, user, password);
    Box::new(move || vec![process.logins(10, user, password)])
}
