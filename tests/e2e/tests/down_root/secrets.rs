//! What a client's helpers have of the password that OpenVPN logs in with.

use e2e::secrets::{assert_nowhere, places, unique};
use harness::needs::Need;
use harness::proc_table::{self, Process};
use harness::requires;
use harness::{Client, ServerConfig};

use crate::scripts::{Scripts, plugin_line};

/// Keeper and helper.
fn helpers_of(client: &Client) -> Vec<Process> {
    let all = proc_table::all();
    let keepers: Vec<i32> = all.iter().filter(|it| it.parent == client.pid()).map(|it| it.pid).collect();
    let is_ours = |it: &Process| keepers.contains(&it.pid) || keepers.contains(&it.parent);
    all.into_iter().filter(|it| it.name.starts_with("down-root") && is_ours(it)).collect()
}

/// They are forked at UP, when OpenVPN has logged in. The plugin is not given the password. OpenVPN keeps it in a place of
/// its own, which nobody else knows, unless an option forbids it.
#[test]
fn a_clients_password_is_in_no_helper_unless_openvpn_keeps_it() {
    requires!(Need::Openvpn(2, 6, 0), "a client has its password at UP still, in spite of auth-nocache");
    let scripts = Scripts::with_down("true");
    let auth = harness::plugin::example("log-events");
    let server = ServerConfig::default().plugin_file(&auth, "").start();
    for (option, keeps) in [("auth-nocache", false), ("auth-retry none", true)] {
        let password = unique(option);
        let client = server.client("alice", &password).with_tunnel().line(option);
        let client = client.line(&plugin_line(&scripts.path("down.sh").to_string_lossy())).connect();
        let helpers = helpers_of(&client);
        assert_eq!(helpers.len(), 2, "{helpers:?}");
        if keeps {
            // As PRIVILEGE.md says.
            assert!(helpers.iter().all(|it| !places(it.pid, &password).is_empty()), "{helpers:?}");
        } else {
            assert_nowhere(&helpers, &password);
        }
    }
}
