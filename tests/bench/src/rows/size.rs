//! Memory of the helper processes that wait for logins, and size of the shared object.

use crate::bench::{Bench, Side};
use crate::memory::{helpers, lossy, settle};
use crate::row::{Figure, Group, Probe, Unit};

const MIB: f64 = 1024.0 * 1024.0;

pub(super) fn groups() -> Vec<Group> {
    let group = |name, most, start| Group {
        name,
        figures: vec![Figure::new("", Unit::Bytes).at_most(most)],
        rounds: 1,
        long: false,
        start,
    };
    vec![
        group("idle helpers (PSS), small host, after open", 3.0 * MIB, |bench, side| {
            small_host(bench, side, false)
        }),
        group("idle helpers (PSS), small host, after a login", 3.0 * MIB, |bench, side| {
            small_host(bench, side, true)
        }),
        group("idle helpers (PSS), real server", 3.0 * MIB, |bench, side| real_server(bench, side, false)),
        group("idle helpers (PSS), real server, after a login", 3.0 * MIB, |bench, side| {
            real_server(bench, side, true)
        }),
        group("shared object", MIB, |bench, side| {
            Box::new(move || {
                vec![std::fs::metadata(bench.plugin(side)).map_or(0.0, |file| lossy(file.len()))]
            })
        }),
    ]
}

/// A process with little but the plugin in it.
fn small_host(bench: &Bench, side: Side, login: bool) -> Probe<'_> {
    Box::new(move || {
        let mut process = bench.plugin_process(side, "", &bench.unix);
        if login {
            process.logins(1, bench.account.name(), bench.account.password());
        }
        settle();
        vec![helpers(process.pid()).bytes]
    })
}

/// OpenVPN itself: a forked helper shares its memory, which counts by share.
fn real_server(bench: &Bench, side: Side, login: bool) -> Probe<'_> {
    Box::new(move || {
        let server = bench.server(side, "", &bench.unix).start();
        let _client = login.then(|| server.client(bench.account.name(), bench.account.password()).connect());
        settle();
        vec![helpers(server.pid()).bytes]
    })
}
