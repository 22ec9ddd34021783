//! A login whose client has gone: OpenVPN has deleted its files, and nobody waits for the verdict.

use std::fs;
use std::time::Duration;

use harness::Gate;
use ovpn_plugin_host::RunningLogin;

use crate::check::{NEW_CLIENT, Record, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(30);

/// What OpenVPN does when it gives up a pending login.
fn give_up(login: &RunningLogin) {
    for file in [login.files.control(), login.files.reason(), login.files.pending()] {
        fs::remove_file(file).expect("the file is there");
    }
}

/// Of three logins that wait for the only worker, PAM runs the one whose client is still there.
pub(crate) fn run() {
    let (gate, record) = (Gate::new(), Record::new());
    let arguments =
        [record.argument(), format!("auth/first:{}", gate.tell()), format!("auth/first:{}", gate.wait())];
    let subject = Subject::new("max-workers=1", &arguments.each_ref().map(String::as_str));
    let start = |user: &str, number: u8| {
        let login = deferred(user, &format!("192.0.2.{number}"), NEW_CLIENT);
        subject.plugin.start_login(&login).expect("the call can be made")
    };
    let first = start("first", 1);
    gate.arrival();
    let waiting = [start("gone", 2), start("here", 3), start("gone-too", 3)];
    let [gone, here, gone_too] = waiting;
    give_up(&gone);
    give_up(&gone_too);
    for user in ["gone", "gone-too"] {
        let line = format!("user '{user}': the client has disconnected");
        subject.plugin.wait_for_log_text(&line, PATIENCE).expect("it is noticed");
    }
    gate.open();
    for login in [first, here, start("last", 4)] {
        let outcome = login.finish(PATIENCE);
        assert!(outcome.accepted(), "{outcome}");
    }
    assert_eq!(record.users(), ["first", "here", "last"]);
    for login in [gone, gone_too] {
        assert!(!login.files.control().exists(), "the control file was made again");
    }
    subject.close();
}
