//! down-root beside the C plugin of that name: DOWN with the smallest script there is, the helper's memory, the start.

use crate::bench::{Bench, Side};
use crate::memory::{helpers, lossy, settle};
use crate::plugin_process::PluginProcess;
use crate::row::{Figure, Group, Probe, Unit};
use harness::{Server, ServerConfig};
use std::path::PathBuf;

/// What is run at DOWN.
const SCRIPT: &str = "/bin/true";
/// Times it is run in a round.
const DOWNS: usize = 200;
/// Most the helper may hold, in bytes: 2 MB.
const HELPER: f64 = 2_000_000.0;
/// Most the start may take, in seconds, as with auth-pam.
const START: f64 = 0.010;

pub(super) fn groups() -> Vec<Group> {
    let group =
        |name, rounds, figure, start| Group { name, figures: vec![figure], rounds, long: false, start };
    let helper = Figure::new("", Unit::Bytes).at_most(HELPER);
    vec![
        group("down-root: DOWN, /bin/true", 20, Figure::new("", Unit::Seconds).ratio(1.0), down),
        group(
            "down-root: server from SIGTERM to its end",
            7,
            Figure::new("", Unit::Seconds),
            |bench, side| Box::new(move || vec![server(bench, side).stop().as_secs_f64()]),
        ),
        group(
            "down-root: open and first UP",
            20,
            Figure::new("", Unit::Seconds).at_most(START),
            |bench, side| {
                Box::new(move || {
                    let mut process = PluginProcess::start();
                    vec![process.open(&plugin(bench, side), SCRIPT) + process.up()]
                })
            },
        ),
        group("down-root: helper (PSS), small host, after UP", 1, helper, |bench, side| {
            small_host(bench, side, false)
        }),
        group("down-root: helper (PSS), small host, after DOWN", 1, helper, |bench, side| {
            small_host(bench, side, true)
        }),
        group("down-root: helper (PSS), real server", 1, helper, |bench, side| {
            Box::new(move || {
                let server = server(bench, side);
                settle();
                vec![helpers(server.pid()).bytes]
            })
        }),
        group("down-root: shared object", 1, Figure::new("", Unit::Bytes), |bench, side| {
            Box::new(move || {
                vec![std::fs::metadata(plugin(bench, side)).map_or(0.0, |file| lossy(file.len()))]
            })
        }),
    ]
}

/// Each is installed beside the other plugin of its kind.
fn plugin(bench: &Bench, side: Side) -> PathBuf {
    let name = match side {
        Side::C => "openvpn-plugin-down-root.so",
        Side::Ours => "libopenvpn_plugin_down_root.so",
    };
    let path = bench.plugin(side).with_file_name(name);
    assert!(path.exists(), "{} is missing: run `make build`", path.display());
    path
}

/// A small process in which the device is up.
fn process(bench: &Bench, side: Side) -> PluginProcess {
    let mut process = PluginProcess::opened(&plugin(bench, side), SCRIPT);
    process.up();
    process
}

/// A real server, which drops to nobody.
fn server(bench: &Bench, side: Side) -> Server {
    let path = plugin(bench, side);
    ServerConfig::default().line(&format!("plugin {} {SCRIPT}", path.display())).dropped().start()
}

fn down(bench: &Bench, side: Side) -> Probe<'_> {
    let mut process = process(bench, side);
    process.downs(DOWNS);
    Box::new(move || vec![process.downs(DOWNS)])
}

fn small_host(bench: &Bench, side: Side, after_down: bool) -> Probe<'_> {
    Box::new(move || {
        let mut process = process(bench, side);
        if after_down {
            process.downs(1);
        }
        settle();
        vec![helpers(process.pid()).bytes]
    })
}
