//! What a plugin's author would else have to find out: each is a line in the log.

use std::time::{Duration, Instant};

use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};
use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientState, EventSet, OpenArgs, Pending, Plugin, Result, TlsVerify,
    TlsVerifyReply, Up, UpReply,
};

struct Sample {
    wants_nothing: bool,
}

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        Ok(Self { wants_nothing: args.args().next().is_some() })
    }

    fn unwanted_events(&self) -> EventSet {
        if self.wants_nothing { EventSet::ALL } else { EventSet::NONE }
    }

    fn up(&mut self, _: &Up<'_>) -> Result<UpReply> {
        hold();
        Ok(UpReply::Done)
    }

    fn tls_verify(&mut self, event: &TlsVerify<'_>) -> Result<TlsVerifyReply> {
        let first = event.client::<Self>();
        let second = event.client::<Self>();
        log::info!("{} {}", first.is_some(), second.is_some());
        Ok(TlsVerifyReply::Accept)
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let minute = Duration::from_secs(60);
        let question = match event.username() {
            Some(b"ask") => Pending::text(minute, "Code?")?,
            Some(b"tell") => Pending::new(minute, "crtext", "CR_TEXT::Look at your telephone")?,
            Some(b"page") => Pending::web(minute, "https://vpn.example/")?,
            Some(b"slow") => {
                hold();
                return Ok(AuthReply::Accept);
            }
            Some(b"panic") => panic!("told to"),
            _ => return Err("told to".into()),
        };
        let (decision, deferral) = event.defer()?;
        drop(decision);
        Ok(AuthReply::Pending(question, deferral))
    }
}

impl ClientState for Sample {
    type State = ();

    fn new_client(&mut self) {}
}

/// Keeps OpenVPN waiting, which is what is looked at here.
fn hold() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(1100) {
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn plugin() -> Running<Sample> {
    Running::open(&CallData::new()).unwrap()
}

fn texts(plugin: &Running<Sample>) -> Vec<String> {
    plugin.log_lines().into_iter().map(|line| line.text).collect()
}

fn login(plugin: &mut Running<Sample>, user: &str) -> Outcome {
    let files = LoginFiles::new().unwrap();
    let call = files.call().env("username", user).env("IV_SSO", "crtext,webauth");
    let call = call.env("untrusted_ip", "192.0.2.2").env("untrusted_port", "4711");
    plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome
}

#[test]
fn a_question_without_anybody_who_takes_the_answer() {
    for (user, said) in [("ask", true), ("tell", false), ("page", false)] {
        let mut plugin = plugin();
        assert_eq!(login(&mut plugin, user), Outcome::Deferred);
        let line = "ask/192.0.2.2:4711 the client is asked, but the plugin has no method client_crresponse: nobody takes the answer";
        assert_eq!(texts(&plugin).contains(&line.to_owned()), said, "{user}: {:?}", texts(&plugin));
    }
}

#[test]
fn an_event_that_holds_openvpn() {
    let mut plugin = plugin();
    assert_eq!(login(&mut plugin, "slow"), Outcome::Success);
    let [line] = &texts(&plugin)[..] else { panic!("{:?}", texts(&plugin)) };
    assert!(line.starts_with("slow/192.0.2.2:4711 AUTH_USER_PASS_VERIFY blocked OpenVPN for 1."), "{line}");
    assert!(line.ends_with("; a plugin can defer this event"), "{line}");
    let server = CallData::new().env("common_name", "server").env("trusted_ip", "192.0.2.1");
    assert_eq!(plugin.call(EventSet::UP, &server).outcome, Outcome::Success);
    let line = texts(&plugin).pop().unwrap();
    assert!(line.starts_with("UP blocked OpenVPN for ") && line.ends_with("meanwhile"), "{line}");
}

#[test]
fn a_second_borrow_of_a_clients_state() {
    let mut plugin = plugin();
    let mut client = plugin.client();
    let call = CallData::new().env("untrusted_ip", "192.0.2.2").env("untrusted_port", "4711");
    assert_eq!(plugin.call_for(&mut client, EventSet::TLS_VERIFY, &call).outcome, Outcome::Success);
    let [line, seen] = &texts(&plugin)[..] else { panic!("{:?}", texts(&plugin)) };
    assert!(line.starts_with("192.0.2.2:4711 the state of this client is borrowed already: "), "{line}");
    assert_eq!(seen, "192.0.2.2:4711 true false");
}

#[test]
fn a_plugin_that_wants_no_event() {
    let plugin = Running::<Sample>::open(&CallData::new().arg("nothing")).unwrap();
    assert!(plugin.logged("OpenVPN passes no event to this plugin"), "{:?}", texts(&plugin));
}

#[test]
fn errors_and_panics_name_the_client() {
    let mut plugin = plugin();
    assert_eq!(login(&mut plugin, "panic"), Outcome::Error);
    assert_eq!(login(&mut plugin, "error"), Outcome::Error);
    let [panic, error] = &texts(&plugin)[..] else { panic!("{:?}", texts(&plugin)) };
    assert!(panic.starts_with("panic/192.0.2.2:4711 panic in AUTH_USER_PASS_VERIFY"), "{panic}");
    assert_eq!(error, "error/192.0.2.2:4711 AUTH_USER_PASS_VERIFY failed: told to");
}
