//! How long OpenVPN's start is held up.

use crate::plugin_process::PluginProcess;
use crate::row::{Figure, Group, Unit};

pub(super) fn groups() -> Vec<Group> {
    vec![Group {
        name: "open, library and helper",
        figures: vec![Figure::new("", Unit::Seconds).at_most(0.010)],
        rounds: 20,
        long: false,
        start: |bench, side| {
            Box::new(move || vec![PluginProcess::start().open(bench.plugin(side), bench.unix.name())])
        },
    }]
}
