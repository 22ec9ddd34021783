//! Clients that were asked something before they have a session.

use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use harness::{PamService, ServerConfig, TestModule, side_by_side};

const PASSWORD: &str = "correct horse";
const CODE: &str = "123456";

/// OpenVPN forgets a client that was asked by a dynamic challenge after five seconds, and the person still types.
#[test]
fn who_thinks_long_has_a_session() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |deferred| {
        let module = TestModule::shared();
        let actions =
            [format!("auth/password={PASSWORD}"), "auth/ask=Code:".into(), format!("auth/expect={CODE}")];
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        let service = PamService::new(&format!("{}session required pam_permit.so\n", module.stack(&actions)));
        let config = ServerConfig::auth_pam_with("session=yes challenge=yes", &service, "");
        let server = config.dropped().deferred_if(deferred).start();
        let alice = server.person("alice", PASSWORD).start();
        alice.question(0);
        server.wait_for(Mark::START, "client-instance exiting");
        alice.answer(CODE);
        alice.connects();
        server.wait_for(Mark::START, "user 'alice': session opened");
    });
}
