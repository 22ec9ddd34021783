//! How long OpenVPN's start is held up.

use crate::row::{Spec, Target, Unit};
use crate::subject::Subject;

pub(super) fn rows() -> Vec<Spec> {
    vec![Spec {
        name: "open, library and helper",
        unit: Unit::Seconds,
        target: Target::Value(0.010),
        rounds: 20,
        start: |bench, side| Box::new(move || Subject::start().open(bench.plugin(side), bench.unix.name())),
    }]
}
