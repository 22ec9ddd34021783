//! Addresses a server learns, in the forms OpenVPN prints them, as the SDK reads them.

use harness::log::Mark;
use harness::scratch::Scratch;
use harness::{PATIENCE, ServerConfig};

use crate::examples::example;

fn server() -> ServerConfig<'static> {
    ServerConfig::default().plugin_file(&example("log-events"), "")
}

#[test]
fn addresses_and_networks_of_a_client() {
    let scratch = Scratch::new();
    scratch.directory("ccd", 0o755);
    scratch.write("ccd/DEFAULT", "iroute 10.77.0.0 255.255.0.0\niroute-ipv6 fd77::/48\n", 0o644);
    let server = server()
        .line("server-ipv6 fd08::/64")
        .line(&format!("client-config-dir {}", scratch.join("ccd").display()))
        .start();
    let client = server.client("joe", "x").line("explicit-exit-notify 1").connect();
    for address in [
        "V4 { address: 10.8.0.2, prefix: None }",
        "V6 { address: fd08::1000, prefix: None }",
        "V4 { address: 10.77.0.0, prefix: Some(16) }",
        "V6 { address: fd77::, prefix: Some(48) }",
    ] {
        server.wait_for(Mark::START, &format!("LOG-EVENTS: added: {address}"));
    }
    client.disconnect();
    // Another client takes over the networks of the one that left.
    let mark = server.mark();
    server.client("joe", "x").connect();
    server.wait_for(mark, "LOG-EVENTS: updated: V4 { address: 10.77.0.0, prefix: Some(16) }");
    server.wait_for(mark, "LOG-EVENTS: updated: V6 { address: fd77::, prefix: Some(48) }");
    server.stop();
    server.wait_for(mark, "LOG-EVENTS: deleted: V4 { address: 10.8.0.2, prefix: None }");
    assert_eq!(server.log().count(Mark::START, "unknown to the SDK"), 0);
}

/// A device in the client's namespace says something by itself as soon as it is up.
#[test]
fn a_mac_address() {
    let server = server().line("dev tap").start();
    let client = server.client("joe", "x").with_tunnel().line("dev tap").connect();
    server.wait_for(Mark::START, "LOG-EVENTS: added: Mac { address: [");
    client.log().wait_for(Mark::START, "TUN/TAP device tap", PATIENCE);
    assert_eq!(server.log().count(Mark::START, "unknown to the SDK"), 0);
}
