//! Decisions that are dropped undecided: a line in the log, where somebody still waits. One test: another plugin of this
//! process that is being closed would silence it.
#![cfg(target_os = "linux")]

use std::time::Duration;

use log::Level;
use ovpn_plugin::testing::{CallData, ConnectFiles, LoginFiles, Outcome, Running};
use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientConnect, ClientConnectReply, Decision, EventSet, OpenArgs, Plugin,
    Pool, Result,
};

const LIMIT: Duration = Duration::from_secs(20);

struct Sample {
    pool: Pool,
    kept: Vec<Decision>,
}

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        Ok(Self { pool: Pool::new("backend", 1, 9), kept: Vec::new() })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let (decision, deferral) = event.defer()?;
        match event.username().unwrap_or_default() {
            b"here" => drop(decision),
            b"in-job" => self.pool.run(move |_| drop(decision))?,
            b"panics" => self.pool.run(move |_| {
                let _held = decision;
                panic!("told to")
            })?,
            b"refused" => return Ok(AuthReply::Reject),
            b"gone" => {
                std::fs::remove_file(event.auth_control_file().ok_or("no file")?)?;
                drop(decision);
            }
            _ => self.kept.push(decision),
        }
        Ok(AuthReply::Deferred(deferral))
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        let (decision, deferral) = event.defer()?;
        self.pool.run(move |_| drop(decision))?;
        Ok(ClientConnectReply::Deferred(deferral))
    }
}

#[test]
fn a_decision_dropped_undecided_is_a_line() {
    let mut plugin = Running::<Sample>::open(&CallData::new()).unwrap();
    let log_in = |plugin: &mut Running<Sample>, name: &str| {
        let files = LoginFiles::new().unwrap();
        let call = files.call().env("username", name).env("untrusted_ip", "192.0.2.2");
        (plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome, files)
    };
    let mut expected = Vec::new();
    for name in ["here", "in-job"] {
        let (outcome, files) = log_in(&mut plugin, name);
        assert_eq!((outcome, files.wait_for_verdict(LIMIT)), (Outcome::Deferred, Some(false)));
        expected.push(format!("{name}/192.0.2.2 login rejected: the decision was dropped undecided"));
    }
    let files = ConnectFiles::new().unwrap();
    let call = files.call().env("common_name", "ann");
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT, &call).outcome, Outcome::Deferred);
    expected.push("ann client refused: the decision was dropped undecided".to_owned());
    plugin.wait_for_log("client refused", LIMIT).expect("a line");
    // A panic has a line of its own, nobody waits for those that are gone or refused, and the end is the end.
    let (_, files) = log_in(&mut plugin, "panics");
    assert_eq!(files.wait_for_verdict(LIMIT), Some(false));
    assert_eq!(log_in(&mut plugin, "refused").0, Outcome::Error);
    let (_gone, (_, kept)) = (log_in(&mut plugin, "gone"), log_in(&mut plugin, "kept"));
    let lines = plugin.close();
    assert_eq!(kept.verdict(), Some(false));
    let found: Vec<_> = lines.iter().filter(|line| line.text.contains("undecided")).collect();
    assert!(found.iter().all(|line| line.level == Level::Warn), "{lines:?}");
    assert_eq!(found.iter().map(|line| line.text.clone()).collect::<Vec<_>>(), expected, "{lines:?}");
}
