//! What the SDK's own test plugins show under a real OpenVPN: temporary rejections, init point, tasks of a daemon.

use e2e::secrets::unique;
use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use harness::{Daemon, PATIENCE, ServerConfig, process_memory};

use crate::examples::test_plugin;

/// The client waits for as long as the plugin has said, and then comes again and gets in.
#[test]
fn a_temporary_rejection_brings_the_client_back() {
    requires!(Need::Openvpn(2, 6, 0), "no temporary failure reaches the client");
    for user in ["busy", "busy-later"] {
        let server =
            ServerConfig::default().plugin_file(&test_plugin("probe"), "only-logins").dropped().start();
        let client = server.client(user, "x").line("auth-retry nointeract").start();
        let told = "AUTH_FAILED,TEMP[backoff 2,advance no]: come again";
        client.log().wait_for(Mark::START, told, PATIENCE);
        client.log().wait_for(Mark::START, harness::server::READY, PATIENCE);
        assert_eq!(client.log().count(Mark::START, "AUTH_FAILED"), 1, "{user}");
    }
}

/// Asked for with `init_point`, `PostDaemon`: after the device was opened.
#[test]
fn the_init_point_is_kept() {
    for daemon in [Daemon::No, Daemon::WithLog] {
        let server =
            ServerConfig::default().plugin_file(&test_plugin("probe"), "only-logins").daemon(daemon).start();
        server.wait_for(Mark::START, "PROBE: opened: words [\"only-logins\"]");
        let log = server.log().text();
        let (device, opened) = (log.find("TUN/TAP device tun"), log.find("PROBE: opened"));
        assert!(device.is_some() && device < opened, "{log}");
        server.client("accept", "x").connect();
    }
}

/// A daemon forks after an early `open`: the task started there is gone, which is said and does not hang the end.
#[test]
fn tasks_of_a_daemon_belong_into_start() {
    let plugin = test_plugin("early_tasks");
    let server = ServerConfig::default().plugin_file(&plugin, "").daemon(Daemon::WithLog).start();
    server.wait_for(Mark::START, "EARLY-TASKS: task of-start runs");
    server.wait_for(Mark::START, "started before OpenVPN became a daemon");
    server.client("joe", "x").connect();
    server.stop();
    server.wait_for(Mark::START, "EARLY-TASKS: task of-start was told to stop");
    assert_eq!(server.log().count(Mark::START, "task of-open was told"), 0);

    let server = ServerConfig::default().plugin_file(&plugin, "").start();
    server.stop();
    for task in ["of-open", "of-start"] {
        server.wait_for(Mark::START, &format!("EARLY-TASKS: task {task} was told to stop"));
    }
}

/// A process that is forked in a login has the whole memory of OpenVPN. The variable with the password is wiped there.
#[test]
fn a_process_forked_in_a_login_does_not_keep_its_variable() {
    let server = ServerConfig::default().plugin_file(&test_plugin("probe"), "only-logins").start();
    for (user, keeps) in [("leave-child", false), ("leave-unsettled-child", true)] {
        let password = unique(user);
        let mark = server.mark();
        server.client(user, &password).connect();
        let said = server.wait_for(mark, " stays").text;
        let pid = said.split_whitespace().rev().nth(1).and_then(|word| word.parse().ok());
        // As OpenVPN has it in its list; other copies, and what it has freed, have no name before them.
        let variable = format!("password={password}");
        let found = process_memory::holds(pid.expect("a pid"), variable.as_bytes());
        assert_eq!(!found.is_empty(), keeps, "{user}: {found:#?}");
    }
}
