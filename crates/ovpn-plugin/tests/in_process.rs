//! A plugin running inside the test: the hook before the first event, replies with files, panics, clients.

use std::time::Duration;

use ovpn_plugin::testing::{CallData, ConnectFiles, LoginFiles, Outcome, Running};
use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientConnect, ClientConnectDefer, ClientConnectDeferV2,
    ClientConnectReply, ClientConnectV2, ClientConnectV2Reply, ClientState, Deferral, EventSet,
    MissingEvents, OpenArgs, Pending, Plugin, Rejection, Result, Retry, Up, UpReply,
};

struct Sample {
    started: u32,
    refuses: u32,
}

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let refuses =
            args.args().next().and_then(|word| std::str::from_utf8(word).ok()?.parse().ok()).unwrap_or(0);
        Ok(Self { started: 0, refuses })
    }

    fn start(&mut self) -> Result<()> {
        self.started += 1;
        match self.refuses {
            99 => panic!("cannot even say why"),
            times if self.started <= times => Err("not yet".into()),
            _ => Ok(()),
        }
    }

    fn up(&mut self, _: &Up<'_>) -> Result<UpReply> {
        Ok(UpReply::Done)
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let minute = Duration::from_secs(60);
        Ok(match event.env().get_str("username") {
            Some("expired") => AuthReply::RejectWith(Rejection::because("expired")),
            Some("busy") => AuthReply::RejectWith(Rejection::temporary("busy", minute, Retry::NextAddress)),
            Some("ask") => AuthReply::Pending(Pending::text(minute, "Code?")?, Deferral::by_hand()),
            Some("refused") => return Err(Rejection::because("by an error").into()),
            Some("count") => {
                let mut logins = event.client::<Self>().ok_or("no client, no state")?;
                *logins += 1;
                if *logins < 3 { AuthReply::Accept } else { AuthReply::Reject }
            }
            Some("forget") => match event.defer() {
                Ok((_forgotten, deferral)) => AuthReply::Deferred(deferral),
                Err(_) => AuthReply::Reject,
            },
            Some("errno") => {
                let error = std::io::Error::from_raw_os_error(13);
                ovpn_plugin::log_errno(log::Level::Warn, &error, format_args!("cannot read /x"));
                AuthReply::Accept
            }
            _ => panic!("told to"),
        })
    }
}

impl ClientState for Sample {
    type State = u32;

    fn new_client(&mut self) -> u32 {
        0
    }
}

fn login(plugin: &mut Running<Sample>, files: &LoginFiles, user: &str, peer: (&str, &str)) -> Outcome {
    let call = files.call().env("username", user).env(peer.0, peer.1);
    plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome
}

const NONE: (&str, &str) = ("IV_VER", "2.4.0");

#[test]
fn start_runs_once_before_the_first_event() {
    let mut plugin = Running::<Sample>::open(&CallData::new()).unwrap();
    assert_eq!(plugin.plugin().started, 0);
    for _ in 0..2 {
        assert_eq!(plugin.call(EventSet::UP, &CallData::new()).outcome, Outcome::Success);
        assert_eq!(plugin.plugin().started, 1);
    }
}

#[test]
fn a_start_that_fails_fails_the_event_and_is_tried_again() {
    let mut plugin = Running::<Sample>::open(&CallData::new().arg("1")).unwrap();
    assert_eq!(plugin.call(EventSet::UP, &CallData::new()).outcome, Outcome::Error);
    assert!(plugin.logged("cannot start: not yet"));
    assert_eq!(plugin.call(EventSet::UP, &CallData::new()).outcome, Outcome::Success);
    let mut plugin = Running::<Sample>::open(&CallData::new().arg("99")).unwrap();
    assert_eq!(plugin.call(EventSet::UP, &CallData::new()).outcome, Outcome::Error);
    assert!(plugin.logged("panic in start"));
}

#[test]
fn rejections_with_reasons() {
    let mut plugin = Running::<Sample>::open(&CallData::new()).unwrap();
    let told = |plugin: &mut Running<Sample>, user: &str, peer| {
        let files = LoginFiles::new().unwrap();
        assert_eq!(login(plugin, &files, user, peer), Outcome::Error);
        assert_eq!(files.verdict(), None, "a direct answer leaves the control file alone");
        files.reason()
    };
    assert_eq!(told(&mut plugin, "expired", NONE), "expired");
    assert_eq!(told(&mut plugin, "busy", NONE), "busy");
    assert_eq!(told(&mut plugin, "busy", ("IV_PROTO", "990")), "TEMP[backoff 60,advance addr]: busy");
    assert_eq!(told(&mut plugin, "refused", NONE), "by an error");
    let lines: Vec<_> = plugin.log_lines().into_iter().map(|line| line.text).collect();
    assert_eq!(
        lines,
        ["refused login rejected, with the reason: by an error"],
        "it is a reply, and no failure"
    );
    assert_eq!(told(&mut plugin, "panic", NONE), "");
    assert!(plugin.logged("panic in AUTH_USER_PASS_VERIFY"));
    // OpenVPN before 2.6 names no such file.
    let old = CallData::new().env("username", "expired");
    assert_eq!(plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &old).outcome, Outcome::Error);
}

#[test]
fn questions_only_to_clients_that_can_ask() {
    let mut plugin = Running::<Sample>::open(&CallData::new()).unwrap();
    let files = LoginFiles::new().unwrap();
    assert_eq!(login(&mut plugin, &files, "ask", ("IV_SSO", "crtext")), Outcome::Deferred);
    assert_eq!(files.pending(), "60\ncrtext\nCR_TEXT:R,E:Code?\n");
    let files = LoginFiles::new().unwrap();
    assert_eq!(login(&mut plugin, &files, "ask", ("IV_SSO", "webauth,crtextual")), Outcome::Error);
    assert_eq!(files.pending(), "");
    assert!(plugin.logged("rejected: the client does not support 'crtext'"));
    let old = CallData::new().env("username", "ask").env("IV_SSO", "crtext");
    assert_eq!(plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &old).outcome, Outcome::Error);
    assert!(plugin.logged("questions to clients need OpenVPN 2.6"));
}

#[test]
fn errors_of_the_system_are_caught_with_their_text() {
    let mut plugin = Running::<Sample>::open(&CallData::new()).unwrap();
    let files = LoginFiles::new().unwrap();
    assert_eq!(login(&mut plugin, &files, "errno", NONE), Outcome::Success);
    assert!(plugin.logged("cannot read /x: Permission denied"), "{:?}", plugin.log_lines());
}

#[test]
fn a_forgotten_decision_rejects() {
    let mut plugin = Running::<Sample>::open(&CallData::new()).unwrap();
    let files = LoginFiles::new().unwrap();
    assert_eq!(login(&mut plugin, &files, "forget", NONE), Outcome::Deferred);
    assert_eq!(files.verdict(), Some(false));
}

/// Defers clients in ways that lead nowhere, unless OpenVPN asks again.
struct Careless;

#[ovpn_plugin::plugin]
impl Plugin for Careless {
    const NAME: &'static str = "CARELESS";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        Ok(Self)
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        Ok(match event.env().get_str("username") {
            Some("deferred") => {
                let (decision, deferral) = event.defer()?;
                std::mem::forget(decision);
                ClientConnectReply::Deferred(deferral)
            }
            Some("by-hand") => ClientConnectReply::Deferred(Deferral::by_hand()),
            Some("written") => {
                std::fs::write(event.deferred_file().ok_or("no file")?, "2")?;
                ClientConnectReply::Deferred(Deferral::by_hand())
            }
            _ => ClientConnectReply::AskAgain,
        })
    }

    #[optional]
    fn client_connect_defer(&mut self, event: &ClientConnectDefer<'_>) -> Result<ClientConnectReply> {
        Ok(match event.env().get_str("username") {
            Some("by-hand") => ClientConnectReply::Deferred(Deferral::by_hand()),
            _ => ClientConnectReply::AskAgain,
        })
    }

    fn client_connect_v2(&mut self, _: &ClientConnectV2<'_>) -> Result<ClientConnectV2Reply> {
        Ok(ClientConnectV2Reply::AskAgain)
    }

    #[optional]
    fn client_connect_defer_v2(&mut self, _: &ClientConnectDeferV2<'_>) -> Result<ClientConnectV2Reply> {
        Ok(ClientConnectV2Reply::AskAgain)
    }
}

/// OpenVPN would let it in.
#[test]
fn a_client_whose_deferral_nothing_ends_is_refused() {
    let files = ConnectFiles::new().unwrap();
    let events = EventSet::CLIENT_CONNECT | EventSet::CLIENT_CONNECT_V2;
    let mut plugin = Running::<Careless>::open(&CallData::new().offered_events(events)).unwrap();
    assert_eq!(plugin.events(), events);
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT, &files.call()).outcome, Outcome::Error);
    let line = "refused: the reply AskAgain needs the event CLIENT_CONNECT_DEFER: the plugin has no method \
                client_connect_defer, or OpenVPN no such event";
    assert!(plugin.logged(line), "{:?}", plugin.log_lines());
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT_V2, &CallData::new()).outcome, Outcome::Error);
    assert!(plugin.logged("needs the event CLIENT_CONNECT_DEFER_V2"), "{:?}", plugin.log_lines());
    let user = |name| files.call().env("username", name);
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT, &user("by-hand")).outcome, Outcome::Error);
    assert!(plugin.logged("nothing is in the client's deferred file"), "{:?}", plugin.log_lines());
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT, &user("deferred")).outcome, Outcome::Deferred);
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT, &user("written")).outcome, Outcome::Deferred);
    let mut plugin = Running::<Careless>::open(&CallData::new()).unwrap();
    let files = ConnectFiles::new().unwrap();
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT, &files.call()).outcome, Outcome::Deferred);
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT_DEFER, &files.call()).outcome, Outcome::Deferred);
    let by_hand = files.call().env("username", "by-hand");
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT_DEFER, &by_hand).outcome, Outcome::Error);
    assert!(plugin.logged("reply AskAgain"), "{:?}", plugin.log_lines());
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT_V2, &CallData::new()).outcome, Outcome::Deferred);
    assert_eq!(plugin.call(EventSet::CLIENT_CONNECT_DEFER_V2, &CallData::new()).outcome, Outcome::Deferred);
}

#[test]
fn a_missing_event_is_a_refusal() {
    let events = EventSet::ALL.without(EventSet::CLIENT_CONNECT_V2);
    let error = Running::<Careless>::open(&CallData::new().offered_events(events)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this OpenVPN is too old for the plugin: it lacks the events CLIENT_CONNECT_V2"
    );
    let missing = error.downcast_ref::<MissingEvents>().unwrap();
    assert_eq!(missing.events(), EventSet::CLIENT_CONNECT_V2);
}

#[test]
fn clients_have_their_own_state() {
    let mut plugin = Running::<Sample>::open(&CallData::new()).unwrap();
    let (mut first, mut second) = (plugin.client(), plugin.client());
    let call = CallData::new().env("username", "count");
    let event = EventSet::AUTH_USER_PASS_VERIFY;
    assert_eq!(plugin.call_for(&mut first, event, &call).outcome, Outcome::Success);
    assert_eq!(plugin.call_for(&mut first, event, &call).outcome, Outcome::Success);
    assert_eq!(plugin.call_for(&mut second, event, &call).outcome, Outcome::Success);
    assert_eq!(plugin.call_for(&mut first, event, &call).outcome, Outcome::Error);
    assert_eq!(plugin.call(event, &call).outcome, Outcome::Error, "no client, no state");
}
