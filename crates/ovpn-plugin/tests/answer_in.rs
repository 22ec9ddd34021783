//! The short forms of a deferral: one call that defers, runs a job and answers.

use std::time::Duration;

use ovpn_plugin::testing::{CallData, ConnectFiles, LoginFiles, Outcome, Running};
use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientConfig, ClientConnect, ClientConnectReply, EventSet, OpenArgs,
    Plugin, Rejection, Result, Tasks,
};

const LIMIT: Duration = Duration::from_secs(20);

struct Sample {
    tasks: Tasks,
}

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [limit] = args.text_args()?[..] else { return Err("wanted: a limit".into()) };
        Ok(Self { tasks: Tasks::new(limit.parse()?) })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let user = event.env().get_str("username").unwrap_or_default().to_owned();
        event.answer_in(&mut self.tasks, move |stop| -> Result<()> {
            log::info!("a job runs");
            match user.as_str() {
                "good" => Ok(()),
                "bad" => Err(Rejection::because("wrong code").into()),
                "long" => Ok(stop.wait(Duration::MAX)?),
                "panic" => panic!("told to"),
                _ => Ok(std::fs::read_to_string("/nonexistent").map(drop)?),
            }
        })
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        let user = event.username().unwrap_or_default().to_vec();
        event.answer_in(&mut self.tasks, move |_| -> Result<ClientConfig> {
            let mut config = ClientConfig::new();
            config.push(std::str::from_utf8(&user)?)?;
            Ok(config)
        })
    }
}

fn plugin(limit: &str) -> Running<Sample> {
    Running::open(&CallData::new().arg(limit)).unwrap()
}

fn login(plugin: &mut Running<Sample>, files: &LoginFiles, user: &str) -> Outcome {
    let call =
        files.call().env("username", user).env("untrusted_ip", "192.0.2.2").env("untrusted_port", "4711");
    plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome
}

#[test]
fn what_comes_of_a_job_is_the_answer() {
    for (user, verdict, reason, line) in [
        ("good", true, "", "good/192.0.2.2:4711 a job runs"),
        ("bad", false, "wrong code", "bad/192.0.2.2:4711 a job runs"),
        ("x", false, "", "x/192.0.2.2:4711 login rejected: No such file or directory (os error 2)"),
        ("panic", false, "", "panic/192.0.2.2:4711 panic in a thread of the plugin at "),
    ] {
        let (mut plugin, files) = (plugin("1"), LoginFiles::new().unwrap());
        assert_eq!(login(&mut plugin, &files, user), Outcome::Deferred, "{user}");
        assert_eq!(files.wait_for_verdict(LIMIT), Some(verdict), "{user}");
        assert_eq!(files.reason(), reason, "{user}");
        assert!(
            plugin.log_lines().iter().any(|known| known.text.starts_with(line)),
            "{user}: {:?}",
            plugin.log_lines()
        );
        let errors = plugin.log_lines().iter().filter(|line| line.level == log::Level::Error).count();
        assert_eq!(errors, usize::from(matches!(user, "x" | "panic")), "{user}: {:?}", plugin.log_lines());
    }
}

#[test]
fn the_end_of_the_plugin_rejects() {
    let (mut plugin, files) = (plugin("1"), LoginFiles::new().unwrap());
    assert_eq!(login(&mut plugin, &files, "long"), Outcome::Deferred);
    drop(plugin);
    assert_eq!(files.verdict(), Some(false));
}

/// Nothing is in the control file then, and the client is told to come again.
#[test]
fn without_room_the_client_comes_again() {
    let (mut plugin, files) = (plugin("0"), LoginFiles::new().unwrap());
    assert_eq!(login(&mut plugin, &files, "good"), Outcome::Error);
    assert_eq!((files.verdict(), files.reason().as_str()), (None, "the server is busy"));
    let line =
        "good/192.0.2.2:4711 refused: the job cannot be started: 0 tasks are running, which is the limit";
    let lines: Vec<String> = plugin.log_lines().into_iter().map(|line| line.text).collect();
    assert_eq!(lines, [line]);
    let files = ConnectFiles::new().unwrap();
    let call = files.call().env("username", "route 10.9.0.0");
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT, &call).outcome, Outcome::Error);
    assert_eq!(files.verdict(), "");
}

#[test]
fn a_connecting_client_gets_its_configuration() {
    for (user, verdict) in [("route 10.9.0.0", "1"), ("two\nlines", "0")] {
        let (mut plugin, files) = (plugin("1"), ConnectFiles::new().unwrap());
        let call = files.call().env("username", user);
        assert_eq!(plugin.call(EventSet::CLIENT_CONNECT, &call).outcome, Outcome::Deferred);
        let log = plugin.close();
        assert_eq!(files.verdict(), verdict, "{log:?}");
        assert_eq!(files.config().is_empty(), verdict == "0");
        assert_eq!(log.iter().any(|line| line.text.contains("client refused: ")), verdict == "0", "{log:?}");
    }
}
