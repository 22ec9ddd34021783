//! A hundred restarts of each kind: OpenVPN lives on, the script has run once for each DOWN, and nothing is left behind.

use harness::log::{Log, Mark};
use harness::needs::Need;
use harness::proc_table::{self, Process, descriptors, wait_until};
use harness::requires;
use harness::{Daemon, PATIENCE, Server, ServerConfig};
use nix::sys::signal::Signal;

use crate::scripts::{Scripts, helper, keeper, plugin_line, resident_kib};

const ROUNDS: usize = 100;

/// More than this is a leak, in a hundred restarts. OpenVPN itself grows by one or two KiB at each, without any plugin, and
/// a helper that is born later with it; a closer look is taken where there is no OpenVPN.
const GROWTH_KIB: u64 = 1024;

/// What must be the same after a hundred restarts as after the first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    processes: usize,
    of_openvpn: usize,
    of_helper: usize,
    zombies: Vec<Process>,
}

impl Held {
    /// Panics if there is not exactly one helper.
    fn by(server: &Server) -> Self {
        let is_zombie = |process: &Process| process.parent == server.pid() && process.is_zombie();
        // One that has just come up reads there what it can give back.
        let stays = |(_, target): &(u32, String)| !target.starts_with("/proc/");
        Held {
            processes: server.netns().processes().len(),
            of_openvpn: descriptors(server.pid()).len(),
            of_helper: descriptors(helper(server).pid).into_iter().filter(stays).count(),
            zombies: proc_table::all().into_iter().filter(is_zombie).collect(),
        }
    }
}

/// Whether a restart closes the device, and so is a DOWN and an UP.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Device {
    Reopened,
    Kept,
}

/// Whether a restart leaves the helper alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Helper {
    Stays,
    IsReplaced,
}

/// A server whose script says who it is.
fn server() -> (Scripts, ServerConfig<'static>) {
    let scripts = Scripts::with_down("echo ran as $(id -u)");
    let config = scripts.server("");
    (scripts, config)
}

/// So many lines have this, no more and no fewer: they may be on their way.
fn logged(log: &Log, pattern: &str, lines: usize) {
    wait_until(PATIENCE, || log.count(Mark::START, pattern) >= lines);
    assert_eq!(log.count(Mark::START, pattern), lines, "{pattern}");
}

fn storm(config: &ServerConfig<'_>, signal: Signal, device: Device, helper_is: Helper, uid: u32) {
    let server = config.start();
    // Whatever is different after the first restart is so for good, once the one before is gone.
    server.restart(signal);
    keeper(&server);
    let (openvpn, first) = (server.pid(), helper(&server).pid);
    let (held, resident) = (Held::by(&server), [first, openvpn].map(resident_kib));
    for _ in 0..ROUNDS {
        server.restart(signal);
    }
    assert!(server.is_alive());
    assert_eq!(server.pid(), openvpn);
    let downs = if device == Device::Reopened { ROUNDS + 1 } else { 0 };
    logged(server.log(), "/PLUGIN_DOWN status=0", downs);
    logged(server.log(), "down.sh: ran as ", downs);
    let mut now = held.clone();
    let is_as_before = || {
        now = Held::by(&server);
        now == held
    };
    assert!(wait_until(PATIENCE, is_as_before), "{held:?} became {now:?}");
    let last = helper(&server).pid;
    assert_eq!(last == first, helper_is == Helper::Stays, "{first} {last}");
    let now = [last, openvpn].map(resident_kib);
    assert!(
        resident.iter().zip(now).all(|(before, now)| now < before + GROWTH_KIB),
        "helper and OpenVPN: {resident:?} KiB became {now:?}"
    );
    server.stop();
    logged(server.log(), "down.sh: ran as ", downs + 1);
    // The first DOWN is one of the time before: OpenVPN was root when it opened the plugin.
    logged(server.log(), &format!("down.sh: ran as {uid}"), if uid == 0 { downs + 1 } else { downs });
}

/// Gives up root, and opens the device anew at every restart: for that, nobody must be able to open net/tun.
fn dropped_without_persist_tun(config: ServerConfig<'static>) -> ServerConfig<'static> {
    config.line("user nobody").line("group nogroup").line("persist-key").dev_log()
}

#[test]
fn sigusr1_as_root() {
    let (_scripts, config) = server();
    storm(&config, Signal::SIGUSR1, Device::Reopened, Helper::IsReplaced, 0);
}

#[test]
fn sigusr1_as_root_with_persist_tun() {
    let (_scripts, config) = server();
    storm(&config.line("persist-tun"), Signal::SIGUSR1, Device::Kept, Helper::Stays, 0);
}

#[test]
fn sigusr1_as_root_with_up_restart() {
    let (_scripts, config) = server();
    storm(&config.line("up-restart"), Signal::SIGUSR1, Device::Reopened, Helper::IsReplaced, 0);
}

/// The device stays, and OpenVPN acts as if it did not.
#[test]
fn sigusr1_as_root_with_persist_tun_and_up_restart() {
    let (_scripts, config) = server();
    let config = config.line("persist-tun").line("up-restart");
    storm(&config, Signal::SIGUSR1, Device::Reopened, Helper::IsReplaced, 0);
}

#[test]
fn sigusr1_dropped_to_nobody() {
    requires!(
        Need::Openvpn(2, 6, 0),
        "a server that is not root cannot make its device again after a restart"
    );
    let (_scripts, config) = server();
    let config = dropped_without_persist_tun(config);
    storm(&config, Signal::SIGUSR1, Device::Reopened, Helper::Stays, 0);
}

#[test]
fn sigusr1_dropped_to_nobody_with_persist_tun() {
    let (_scripts, config) = server();
    storm(&config.dropped(), Signal::SIGUSR1, Device::Kept, Helper::Stays, 0);
}

#[test]
fn sigusr1_dropped_to_nobody_with_up_restart() {
    requires!(
        Need::Openvpn(2, 6, 0),
        "a server that is not root cannot make its device again after a restart"
    );
    let (_scripts, config) = server();
    let config = dropped_without_persist_tun(config).line("up-restart");
    storm(&config, Signal::SIGUSR1, Device::Reopened, Helper::Stays, 0);
}

#[test]
fn sigusr1_dropped_to_nobody_with_persist_tun_and_up_restart() {
    let (_scripts, config) = server();
    let config = config.dropped().line("up-restart");
    storm(&config, Signal::SIGUSR1, Device::Reopened, Helper::Stays, 0);
}

#[test]
fn sigusr1_in_a_chroot() {
    let (_scripts, config) = server();
    let config = config.dropped().chroot().line("up-restart");
    storm(&config, Signal::SIGUSR1, Device::Reopened, Helper::Stays, 0);
}

#[test]
fn sighup_as_root() {
    let (_scripts, config) = server();
    storm(&config, Signal::SIGHUP, Device::Reopened, Helper::IsReplaced, 0);
}

#[test]
fn sighup_as_root_with_persist_tun_and_up_restart() {
    let (_scripts, config) = server();
    let config = config.line("persist-tun").line("up-restart");
    storm(&config, Signal::SIGHUP, Device::Reopened, Helper::IsReplaced, 0);
}

/// OpenVPN opens the plugin again without root's rights: from the second DOWN on the script has none either.
#[test]
fn sighup_dropped_to_nobody() {
    requires!(
        Need::Openvpn(2, 6, 0),
        "a server that is not root cannot make its device again after a restart"
    );
    let (_scripts, config) = server();
    let config = config.dropped().readable_by_nobody();
    storm(&config, Signal::SIGHUP, Device::Reopened, Helper::IsReplaced, 65534);
}

/// Fewer: the server knows a client that restarts by its port for a while, and lets one wait for half a minute that gets
/// the port of an earlier time.
const ROUNDS_OF_A_CLIENT: usize = 30;

fn of_a_client(lines: &[&str]) {
    let scripts = Scripts::with_down("echo ran as $(id -u)");
    let server = scripts.with_fixed_address(ServerConfig::default()).start();
    let client = server.client("alice", "x").with_tunnel().line("connect-retry 0");
    let client = client.line(&plugin_line(&scripts.path("down.sh").to_string_lossy()));
    let client = lines.iter().fold(client, |client, line| client.line(line)).connect();
    let ours = || {
        let mut found = proc_table::all();
        found.retain(|process| process.parent == client.pid() && process.name == "down-root-keep");
        found.into_iter().map(|process| process.pid).collect::<Vec<_>>()
    };
    client.restart(Signal::SIGUSR1);
    // Zombies count too.
    let one_is_left = || assert!(wait_until(PATIENCE, || ours().len() == 1), "{:?}", ours());
    one_is_left();
    let open = descriptors(client.pid()).len();
    for _ in 0..ROUNDS_OF_A_CLIENT {
        client.restart(Signal::SIGUSR1);
    }
    one_is_left();
    let same = wait_until(PATIENCE, || descriptors(client.pid()).len() == open);
    assert!(same, "{open} became {:?}", descriptors(client.pid()));
    logged(client.log(), "down.sh: ran as 0", ROUNDS_OF_A_CLIENT + 1);
}

#[test]
fn sigusr1_of_a_client() {
    of_a_client(&[]);
}

#[test]
fn sigusr1_of_a_client_dropped_to_nobody() {
    of_a_client(&["user nobody", "group nogroup", "persist-key", "persist-tun", "up-restart"]);
}

#[test]
fn sigusr1_in_the_background() {
    let (_scripts, config) = server();
    let config = config.dropped().daemon(Daemon::WithLog).line("up-restart");
    storm(&config, Signal::SIGUSR1, Device::Reopened, Helper::Stays, 0);
}
