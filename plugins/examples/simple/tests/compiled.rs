//! The plugin as OpenVPN loads it: compiled, opened, asked, closed.

use std::time::Duration;

use ovpn_plugin_host::{Login, Plugin, cdylib};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn one_user_gets_in() {
    let plugin = Plugin::new(cdylib!()).args(["joe", "secret"]).open().unwrap();
    let gets_in = |name, password| plugin.login(&Login::new(name, password), LIMIT).unwrap().accepted();
    assert!(gets_in("joe", "secret"));
    assert!(!gets_in("joe", "guess") && !gets_in("ann", "secret"));
}
