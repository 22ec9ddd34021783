//! What a session costs a client that connects, and the server. The C plugin has none: where both columns have a figure, that
//! of C is our login without a session, and PAM's session by itself in a program without a plugin.

use super::clients::connect;
use crate::bench::{Bench, Side};
use crate::plugin_process::PluginProcess;
use crate::row::{Figure, Group, Probe, Unit};
use harness::EtcPamService;

const COUNT: usize = 30;

pub(super) fn groups() -> Vec<Group> {
    let together = Figure::new("login and client-connect (C: both apart)", Unit::Seconds);
    // No more than one session of PAM's, but for two messages and what a figure of pam_unix can tell.
    let mut bounded = together.ratio(1.05);
    bounded.charted = false;
    let opened = Figure::new("client-connect (C: PAM's session)", Unit::Seconds);
    vec![
        Group::new("session, quick stack, default mode", 10, &[together, opened], |bench, side| {
            host(bench, side, &bench.permit_session, "root", "engine")
        }),
        Group::new("session, pam_unix, default mode", 10, &[bounded, opened], |bench, side| {
            host(bench, side, &bench.unix_session, bench.account.name(), bench.account.password())
        }),
        Group::new(
            "connect with session, pam_unix, deferred",
            7,
            &[Figure::new("", Unit::Seconds).at_most(0.2)],
            |bench, side| match side {
                Side::C => Box::new(|| vec![f64::NAN]),
                Side::Ours => connect(bench, side, "session=yes", true, &bench.unix_session),
            },
        ),
    ]
}

fn host<'a>(
    bench: &'a Bench,
    side: Side,
    service: &'a EtcPamService,
    user: &'a str,
    password: &'a str,
) -> Probe<'a> {
    let session = side == Side::Ours;
    let options = if session { "session=yes" } else { "" };
    let mut process =
        PluginProcess::opened(bench.plugin(Side::Ours), &Bench::words(Side::Ours, options, service));
    process.clients(3, user, password, session);
    Box::new(move || {
        let [both, opened] = process.clients(COUNT, user, password, session);
        if session {
            return vec![both, opened];
        }
        let alone = process.sessions_alone(COUNT, service.name(), user, password);
        vec![both + alone, alone]
    })
}
