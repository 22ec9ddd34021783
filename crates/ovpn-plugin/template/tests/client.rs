//! The plugin in a real server, with real clients. Needs openvpn, and root or user namespaces: see the crate
//! `ovpn-plugin-test`.

use ovpn_plugin_test::{ServerConfig, cdylib};

#[test]
#[ignore = "needs openvpn: cargo test -- --ignored"]
fn the_word_lets_a_real_client_in() {
    let server = ServerConfig::new().plugin(&cdylib!(), &["please"]).start();
    server.person("joe", "please").start().connects();
    assert_eq!(server.person("joe", "now").start().refused(), "that is not the word");
}
