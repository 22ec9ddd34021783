//! How long a login takes from the call into the plugin to its answer.

use crate::row::{Bench, Probe, Side, Spec, Target, Unit};
use crate::subject::Subject;

pub(super) fn rows() -> Vec<Spec> {
    vec![
        Spec {
            name: "login, pam_permit",
            unit: Unit::Seconds,
            target: Target::Ratio(0.25),
            rounds: 10,
            start: |bench, side| permit(bench, side),
        },
        Spec {
            name: "login, pam_unix",
            unit: Unit::Seconds,
            target: Target::Ratio(1.0),
            rounds: 10,
            start: |bench, side| unix(bench, side),
        },
    ]
}

fn permit(bench: &Bench, side: Side) -> Probe<'_> {
    let mut subject = Subject::opened(bench.plugin(side), bench.permit.name());
    subject.logins(20, "ada", "engine");
    Box::new(move || subject.logins(200, "ada", "engine"))
}

fn unix(bench: &Bench, side: Side) -> Probe<'_> {
    let mut subject = Subject::opened(bench.plugin(side), bench.unix.name());
    let (user, password) = (bench.account.name(), bench.account.password());
    subject.logins(1, user, password);
    Box::new(move || subject.logins(10, user, password))
}
