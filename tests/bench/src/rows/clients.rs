//! Real clients of a real server.

use crate::bench::{Bench, Side};
use crate::row::{Figure, Group, Probe, Unit};
use crate::stats::{median, worst};
use harness::{Account, Client, EtcPamService, Outcome, Pinger, Server, ServerConfig};
use std::time::{Duration, Instant};

/// How long two hundred clients may take, on a machine that must also be all of them.
const CROWD_PATIENCE: Duration = Duration::from_secs(180);
const CROWD: usize = 200;
/// How many log in while somebody else's packets are watched.
const SLOW_LOGINS: usize = 20;
/// Time between two of them: twenty programs that start at once would keep the processors from the server, not the
/// plugin.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn groups() -> Vec<Group> {
    vec![
        Group::new(
            "connect, pam_unix, default mode",
            7,
            &[Figure::new("", Unit::Seconds).charted()],
            |bench, side| connect(bench, side, "", false, &bench.unix),
        ),
        Group::new(
            "connect, pam_unix, deferred",
            7,
            &[Figure::new("", Unit::Seconds).at_most(0.2)],
            |bench, side| connect(bench, side, "", true, &bench.unix),
        ),
        Group::new(
            "connect, pam_unix, deferred, grace=0",
            7,
            &[Figure::new("", Unit::Seconds)],
            |bench, side| connect(bench, side, "grace=0", true, &bench.unix),
        ),
        Group::new(
            "connect, pam_unix, deferred, grace=100",
            7,
            &[Figure::new("", Unit::Seconds).at_most(0.2)],
            |bench, side| connect(bench, side, "grace=100", true, &bench.unix),
        ),
        Group::new(
            "bystander's ping, 20 deferred logins, 100 ms apart, on a 2 s stack",
            3,
            &[
                Figure::new("packets lost", Unit::Count).worst().at_most(0.0),
                Figure::new("worst round trip", Unit::Seconds).worst().at_most(0.1),
                Figure::new("longest login", Unit::Seconds),
            ],
            |bench, side| Box::new(move || bystander(bench, side)),
        ),
        Group::new(
            "bystander's ping, 20 wrong passwords and 20 deferred logins on a 2 s stack, 100 ms apart",
            3,
            &[
                Figure::new("packets lost", Unit::Count).worst().at_most(0.0),
                Figure::new("worst round trip", Unit::Seconds).worst().at_most(0.1),
                Figure::new("longest accepted login", Unit::Seconds),
            ],
            |bench, side| Box::new(move || bystander_of_both(bench, side)),
        ),
        Group::new(
            "200 clients at once, pam_unix, deferred",
            3,
            &[
                Figure::new("until the last has connected", Unit::Seconds).charted(),
                Figure::new("until half have connected", Unit::Seconds).charted(),
            ],
            |bench, side| Box::new(move || crowd(bench, side)),
        ),
    ]
}

fn mode(config: ServerConfig<'static>, deferred: bool) -> ServerConfig<'static> {
    if deferred { config.deferred() } else { config }
}

/// A client after the other.
pub(super) fn connect<'a>(
    bench: &'a Bench,
    side: Side,
    options: &str,
    deferred: bool,
    service: &EtcPamService,
) -> Probe<'a> {
    let server = mode(bench.server(side, options, service), deferred).start();
    let once = move || {
        let client = server.client(bench.account.name(), bench.account.password()).start();
        let took = client.wait_connected();
        client.disconnect();
        took.as_secs_f64()
    };
    Box::new(move || vec![once()])
}

fn bystander(bench: &Bench, side: Side) -> Vec<f64> {
    let server = bench.server(side, "", &bench.two_seconds).deferred().start();
    let bystander = server.client("bystander", "engine").with_tunnel().connect();
    let ping = bystander.ping();
    let slow = paced(&server, &["slow"]);
    bystanders(&slow, ping)
}

fn bystander_of_both(bench: &Bench, side: Side) -> Vec<f64> {
    let server = bench.server(side, "", &bench.slow_and_wrong).deferred().start();
    let bystander = server.client("bystander", "engine").with_tunnel().connect();
    let ping = bystander.ping();
    let both = paced(&server, &["wrong", "slow"]);
    let (wrong, slow): (Vec<_>, Vec<_>) = both.into_iter().partition(|(kind, _)| *kind == "wrong");
    for (_, client) in &wrong {
        client.wait_refused();
    }
    bystanders(&slow, ping)
}

/// Starts twenty clients of each kind in turn, each with a name of its own.
fn paced(server: &Server, kinds: &[&'static str]) -> Vec<(&'static str, Client)> {
    let mut clients = Vec::new();
    for number in 0..SLOW_LOGINS {
        for kind in kinds {
            std::thread::sleep(PAUSE);
            clients.push((*kind, server.client(&format!("{kind}{number}"), "engine").start()));
        }
    }
    clients
}

/// Waits until these have connected: packets lost, the worst round trip, the longest login.
fn bystanders(slow: &[(&str, Client)], ping: Pinger) -> Vec<f64> {
    let last = slow.iter().map(|(_, client)| client.wait_connected()).max().unwrap_or_default();
    let report = ping.finish();
    let lost = u32::try_from(report.lost.len()).map_or(f64::INFINITY, f64::from);
    vec![lost, report.slowest.as_secs_f64(), last.as_secs_f64()]
}

/// All from one address, as from behind one router.
fn crowd(bench: &Bench, side: Side) -> Vec<f64> {
    let server = bench.server(side, "", &bench.unix).deferred().start();
    // One each: a name has few logins checked at a time.
    let accounts =
        bench.crowd.get_or_init(|| (0..CROWD).map(|_| Account::new(bench.account.password())).collect());
    let start = |account: &Account| {
        let client = server.client(account.name(), account.password());
        client.line("connect-timeout 120").line("hand-window 120").start()
    };
    let first = Instant::now();
    let clients: Vec<(Instant, Client)> =
        accounts.iter().map(|account| (Instant::now(), start(account))).collect();
    let connected = |(started, client): &(Instant, Client)| match client.outcome(CROWD_PATIENCE) {
        Outcome::Connected(after) => (*started + after - first).as_secs_f64(),
        other => panic!("a client did not connect ({other:?}):\n{}", client.log().text()),
    };
    let after: Vec<f64> = clients.iter().map(connected).collect();
    vec![worst(&after), median(&after)]
}
