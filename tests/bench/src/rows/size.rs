//! Memory of the helper processes that wait for logins, and size of the shared object.

use crate::memory;
use crate::row::{Bench, Probe, Side, Spec, Target, Unit};
use crate::subject::Subject;
use harness::ServerConfig;

const MIB: f64 = 1024.0 * 1024.0;

pub(super) fn rows() -> Vec<Spec> {
    let spec =
        |name, start| Spec { name, unit: Unit::Bytes, target: Target::Value(3.0 * MIB), rounds: 1, start };
    vec![
        spec("idle helpers (PSS), small host, after open", |bench, side| small_host(bench, side, false)),
        spec("idle helpers (PSS), small host, after a login", |bench, side| small_host(bench, side, true)),
        spec("idle helpers (PSS), real server", |bench, side| real_server(bench, side, false)),
        spec("idle helpers (PSS), real server, after a login", |bench, side| real_server(bench, side, true)),
        Spec {
            name: "shared object",
            unit: Unit::Bytes,
            target: Target::Value(MIB),
            rounds: 1,
            start: |bench, side| {
                Box::new(move || std::fs::metadata(bench.plugin(side)).map_or(0.0, |file| lossy(file.len())))
            },
        },
    ]
}

/// A process with little but the plugin in it.
fn small_host(bench: &Bench, side: Side, login: bool) -> Probe<'_> {
    Box::new(move || {
        let mut subject = Subject::opened(bench.plugin(side), bench.unix.name());
        if login {
            subject.logins(1, bench.account.name(), bench.account.password());
        }
        lossy(memory::helpers(subject.pid()))
    })
}

/// OpenVPN itself: a forked helper shares its memory, which counts by share.
fn real_server(bench: &Bench, side: Side, login: bool) -> Probe<'_> {
    Box::new(move || {
        let plugin = format!("plugin {} {}", bench.plugin(side).display(), bench.unix.name());
        let server = ServerConfig::default().line(&plugin).dropped().start();
        let _client = login.then(|| server.client(bench.account.name(), bench.account.password()).connect());
        lossy(memory::helpers(server.pid()))
    })
}

/// A number of bytes, which is far below what a float holds exactly.
#[allow(clippy::cast_precision_loss)]
fn lossy(bytes: u64) -> f64 {
    bytes as f64
}
