//! A module that hangs: the server's log says so once, where, and when it is over.

use harness::log::Mark;
use harness::{Gate, Outcome, ServerConfig};

use crate::stack::{PASSWORD, Stack};

#[test]
fn the_log_says_where_logins_hang_and_when_it_is_over() {
    let gate = Gate::new();
    let [tell, wait] = [gate.tell(), gate.wait()].map(|word| format!("account/o'neil:{word}"));
    let stack = Stack::with(&[&tell, &wait]);
    let server = ServerConfig::auth_pam_with("deferred=yes syslog=auth", &stack.service, "");
    let server = server.dropped().dev_log().named("server1").start();
    let client = server.client("o'neil", PASSWORD).start();
    let worker = gate.arrival();
    // Others are let in meanwhile, which is no end of it.
    assert!(matches!(server.client("bob", PASSWORD).outcome(), Outcome::Connected(_)));
    let line = server.wait_for(Mark::START, "logins wait for PAM: 1 for 10 s or longer").text;
    let place =
        format!("the oldest for 10 s in the account phase (process {worker}), user 'o\\'neil'; 1 of ");
    assert!(line.contains(&place) && line.contains(" workers run, 0 in the queue (127.0.0.1:"), "{line}");
    let mark = server.mark();
    gate.open();
    client.wait_connected();
    server.wait_for(mark, "logins no longer wait for PAM: it answers again, after 1");
    server.syslog().wait_for(Mark::START, "login accepted: ", harness::PATIENCE);
    for words in ["logins wait for PAM", "logins no longer wait"] {
        assert_eq!(server.log().count(Mark::START, words), 1, "{words}");
    }
}
