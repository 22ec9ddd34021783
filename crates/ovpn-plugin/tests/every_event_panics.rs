//! A panic in the method of any event is a failure of that event, one line, and nothing else.

use ovpn_plugin::testing::{CallData, ConnectFiles, LoginFiles, Outcome, Running};
use ovpn_plugin::*;

/// Panics the first time it is asked about an event, and is fine the second time.
struct Nervous {
    known: EventSet,
}

impl Nervous {
    fn first_time(&mut self, event: EventSet) {
        let known = self.known.contains(event);
        self.known |= event;
        assert!(known, "nervous about {event}");
    }
}

macro_rules! nervous {
    ($($method:ident($event:ident, $set:ident) -> $reply:expr, $kind:ty;)*) => {
        impl Plugin for Nervous {
            const NAME: &'static str = "NERVOUS";

            fn open(_: &OpenArgs<'_>) -> Result<Self, OpenError> {
                Ok(Self { known: EventSet::NONE })
            }

            fn events(&self) -> EventSet {
                EventSet::ALL
            }

            $(fn $method(&mut self, event: &$event<'_>) -> $kind {
                assert_eq!(event.args().count(), 1);
                self.first_time(EventSet::$set);
                $reply
            })*
        }

        const EVENTS: [EventSet; 15] = [$(EventSet::$set,)*];
    };
}

nervous! {
    up(Up, UP) -> UpReply::Done, UpReply;
    down(Down, DOWN) -> DownReply::Done, DownReply;
    route_up(RouteUp, ROUTE_UP) -> RouteUpReply::Done, RouteUpReply;
    route_predown(RoutePredown, ROUTE_PREDOWN) -> RoutePredownReply::Done, RoutePredownReply;
    ipchange(IpChange, IPCHANGE) -> IpChangeReply::Done, IpChangeReply;
    tls_verify(TlsVerify, TLS_VERIFY) -> TlsVerifyReply::Accept, TlsVerifyReply;
    auth_user_pass_verify(AuthUserPassVerify, AUTH_USER_PASS_VERIFY) -> AuthReply::Accept, AuthReply;
    tls_final(TlsFinal, TLS_FINAL) -> TlsFinalReply::Accept, TlsFinalReply;
    client_connect(ClientConnect, CLIENT_CONNECT) -> ClientConnectReply::Accept, ClientConnectReply;
    client_connect_v2(ClientConnectV2, CLIENT_CONNECT_V2) ->
        ClientConnectV2Reply::Accept(ClientConfig::new()), ClientConnectV2Reply;
    client_connect_defer(ClientConnectDefer, CLIENT_CONNECT_DEFER) ->
        ClientConnectReply::Accept, ClientConnectReply;
    client_connect_defer_v2(ClientConnectDeferV2, CLIENT_CONNECT_DEFER_V2) ->
        ClientConnectV2Reply::Accept(ClientConfig::new()), ClientConnectV2Reply;
    client_disconnect(ClientDisconnect, CLIENT_DISCONNECT) -> ClientDisconnectReply::Done, ClientDisconnectReply;
    learn_address(LearnAddress, LEARN_ADDRESS) -> LearnAddressReply::Accept, LearnAddressReply;
    client_crresponse(ClientCrResponse, CLIENT_CRRESPONSE) -> ClientCrResponseReply::Done, ClientCrResponseReply;
}

#[test]
fn each_fails_once_and_works_again() {
    let mut plugin = Running::<Nervous>::open(&CallData::new()).unwrap();
    let call = CallData::new().arg("word");
    for event in EVENTS {
        assert_eq!(plugin.call(event, &call).outcome, Outcome::Error, "{event}");
        let text = format!("panic in {event}: nervous about {event}");
        assert!(plugin.log_lines().iter().any(|line| line.text == text), "{:?}", plugin.log_lines());
        assert_eq!(plugin.call(event, &call).outcome, Outcome::Success, "{event}");
    }
    assert_eq!(plugin.log_lines().len(), EVENTS.len(), "one line each: {:?}", plugin.log_lines());
}

/// A panic between taking a decision and keeping it rejects, whoever holds it.
#[test]
fn what_was_taken_is_rejected() {
    let (login, client) = (LoginFiles::new().unwrap(), ConnectFiles::new().unwrap());
    let caught = std::panic::catch_unwind(|| {
        let (call, connect) = (login.call(), client.call());
        let _decision = call.event::<AuthUserPassVerify<'_>>().defer().unwrap();
        let _other = connect.event::<ClientConnect<'_>>().defer().unwrap();
        panic!("told to");
    });
    assert!(caught.is_err());
    assert_eq!((login.verdict(), client.verdict().as_str()), (Some(false), "0"));
}
