//! Restarts: OpenVPN lives on, and the script has run once for each DOWN.

use harness::log::Mark;
use harness::needs::Need;
use harness::proc_table::wait_until;
use harness::requires;
use harness::{PATIENCE, ServerConfig};
use nix::sys::signal::Signal;

use crate::scripts::{Scripts, helper, plugin_line};

const TELL: &str = "echo ran uid=$(id -u) signal=$signal";

/// Restarts twice and stops; the script must have run at each.
fn runs_at_each(config: &ServerConfig<'_>, signal: Signal, uid: u32) {
    let server = config.start();
    let name = signal.as_str().to_lowercase();
    for round in 1..=2 {
        server.restart(signal);
        let ran = || server.log().count(Mark::START, &format!("down.sh: ran uid={uid} signal={name}"));
        assert!(wait_until(PATIENCE, || ran() >= round), "{}", server.log().text());
        assert_eq!(server.log().count(Mark::START, "down.sh: ran"), round);
        helper(&server);
    }
    server.stop();
    server.wait_for(Mark::START, &format!("down.sh: ran uid={uid} signal=sigterm"));
    assert_eq!(server.log().count(Mark::START, "down.sh: ran"), 3);
}

#[test]
fn sigusr1_that_reopens_the_device() {
    let scripts = Scripts::with_down(TELL);
    runs_at_each(&scripts.server(""), Signal::SIGUSR1, 0);
}

#[test]
fn sigusr1_with_up_restart() {
    let scripts = Scripts::with_down(TELL);
    runs_at_each(&scripts.server("").line("persist-tun").line("up-restart"), Signal::SIGUSR1, 0);
}

#[test]
fn sigusr1_with_up_restart_dropped_to_nobody() {
    let scripts = Scripts::with_down(TELL);
    runs_at_each(&scripts.server("").dropped().line("up-restart"), Signal::SIGUSR1, 0);
}

#[test]
fn sigusr1_with_up_restart_in_a_chroot() {
    let scripts = Scripts::with_down(TELL);
    runs_at_each(&scripts.server("").dropped().chroot().line("up-restart"), Signal::SIGUSR1, 0);
}

#[test]
fn sighup_as_root() {
    let scripts = Scripts::with_down(TELL);
    runs_at_each(&scripts.server(""), Signal::SIGHUP, 0);
}

/// OpenVPN opens the plugin again without root's rights: the script runs with those it has, which the log says.
#[test]
fn sighup_dropped_to_nobody() {
    requires!(
        Need::Openvpn(2, 6, 0),
        "a server that is not root cannot make its device again after a restart"
    );
    let scripts = Scripts::with_down(TELL);
    let server = scripts.server("").dropped().readable_by_nobody().start();
    server.restart(Signal::SIGHUP);
    server.wait_for(Mark::START, "down.sh: ran uid=0 signal=sighup");
    server.wait_for(Mark::START, "OpenVPN is not root: scripts run as user 65534");
    server.stop();
    server.wait_for(Mark::START, "down.sh: ran uid=65534 signal=sigterm");
}

/// With persist-tun the device stays, and so there is neither DOWN nor UP.
#[test]
fn sigusr1_that_keeps_the_device() {
    let scripts = Scripts::with_down(TELL);
    let server = scripts.server("").dropped().start();
    let before = helper(&server).pid;
    server.restart(Signal::SIGUSR1);
    assert_eq!(server.log().count(Mark::START, "down.sh: ran"), 0);
    assert_eq!(helper(&server).pid, before);
}

/// The first UP is for OpenVPN's own `up`; later ones, without root, for this.
#[test]
fn up_script_without_root() {
    let scripts = Scripts::with_down(TELL);
    let up =
        scripts.add("up.sh", "echo up uid=$(id -u) type=$script_type context=$script_context words=$1,$6");
    let option = format!("up={}", up.display());
    let server = scripts.server(&option).dropped().line("up-restart").start();
    assert_eq!(server.log().count(Mark::START, "up.sh:"), 0);
    server.restart(Signal::SIGUSR1);
    server.wait_for(Mark::START, "up.sh: up uid=0 type=up context=restart words=tun0,restart");
    server.restart(Signal::SIGUSR1);
    assert_eq!(server.log().count(Mark::START, "up.sh: up"), 2);
    assert!(server.is_alive());
}

/// OpenVPN that is still root runs its own.
#[test]
fn up_script_with_root() {
    let scripts = Scripts::with_down(TELL);
    let up = scripts.add("up.sh", "echo up");
    let server = scripts.server(&format!("up={}", up.display())).start();
    server.restart(Signal::SIGUSR1);
    assert_eq!(server.log().count(Mark::START, "up.sh:"), 0);
}

/// As long as OpenVPN is root, each UP gives the script its environment: here with the address a server gives this time.
#[test]
fn a_second_up_has_a_new_environment() {
    let scripts = Scripts::with_down("echo ran uid=$(id -u) local=$ifconfig_local own=$OWN");
    let server = scripts.with_fixed_address(ServerConfig::default()).start();
    let line = plugin_line(&scripts.path("down.sh").to_string_lossy());
    let client = server.client("alice", "x").with_tunnel().line("connect-retry 0").line("setenv OWN x");
    let client = client.line(&line).connect();
    scripts.client_options("ifconfig-push 10.8.0.88 255.255.255.0");
    client.restart(Signal::SIGUSR1);
    assert_eq!(client.log().count(Mark::START, "down.sh: ran uid=0 local=10.8.0.77 own=x"), 1);
    client.disconnect();
    client.log().wait_for(Mark::START, "down.sh: ran uid=0 local=10.8.0.88 own=x", PATIENCE);
    assert_eq!(client.log().count(Mark::START, "down.sh: ran"), 2);
}

/// The administrator may change the script while OpenVPN runs.
#[test]
fn a_script_that_was_changed() {
    let scripts = Scripts::with_down(TELL);
    let server = scripts.server("").dropped().line("up-restart").start();
    server.restart(Signal::SIGUSR1);
    scripts.add("down.sh", "echo changed");
    server.restart(Signal::SIGUSR1);
    server.wait_for(Mark::START, "down.sh: changed");
}
