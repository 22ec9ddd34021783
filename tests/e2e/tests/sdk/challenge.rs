//! A code asked for beside the password, in each way.

use harness::log::Mark;
use harness::needs::Need;
use harness::proc_table::wait_until;
use harness::question::QuestionKind;
use harness::requires;
use harness::server::READY;
use harness::{Outcome, PATIENCE, Person, Server, ServerConfig, side_by_side};

use crate::examples::server_with;

const QUESTION: &str = "Code from your telephone:";
/// What the client announces, and how it is asked then.
const WAYS: [(&str, QuestionKind); 2] = [("crtext", QuestionKind::Pending), ("", QuestionKind::Dynamic)];

fn config() -> ServerConfig<'static> {
    server_with("challenge", "joe secret 123456")
}

/// Somebody whose client announces these ways to be asked.
fn joe(server: &Server, methods: &str, password: &str, answer: &str) -> Person {
    let person = server.person("joe", password).answers(&[answer]);
    if methods.is_empty() { person.start() } else { person.announcing(methods).start() }
}

#[test]
fn the_client_is_asked_as_it_can_be() {
    requires!(Need::Openvpn(2, 6, 0), "CLIENT_CRRESPONSE is no event");
    let server = config().start();
    for (methods, way) in WAYS {
        let client = joe(&server, methods, "secret", "123456");
        client.connects();
        let [question] = &client.asked()[..] else { panic!("{:?}", client.asked()) };
        assert_eq!((question.kind, &question.text[..]), (way, QUESTION));
        assert_eq!((question.shown, question.wants_answer), (true, true));
        assert_eq!(question.username, if way == QuestionKind::Dynamic { &b"joe"[..] } else { b"" });
        assert_eq!(joe(&server, methods, "secret", "654321").refused(), "wrong code");
        let client = joe(&server, methods, "wrong", "123456");
        client.refused();
        assert_eq!(client.asked(), []);
    }
}

#[test]
fn who_has_sent_the_code_is_not_asked() {
    requires!(Need::Openvpn(2, 6, 0), "CLIENT_CRRESPONSE is no event");
    let server = config().start();
    server.client("joe", "secret").static_challenge("Code", "123456").connect();
    for (password, code, told) in [("secret", "654321", "wrong code"), ("guess", "123456", "")] {
        let refused = server.client("joe", password).static_challenge("Code", code).outcome();
        assert!(matches!(&refused, Outcome::Refused { reason, .. } if reason == told), "{refused:?}");
    }
    assert_eq!(server.log().count(Mark::START, "PLUGIN_CLIENT_CRRESPONSE"), 0);
}

/// What was answered once, or what nobody was asked, counts for nothing; neither does what was asked of somebody else, or
/// of the same user with another certificate, or from another address. The question stays open for who was asked.
#[test]
fn an_answer_counts_once_and_from_whom_was_asked() {
    requires!(Need::Openvpn(2, 6, 0), "CLIENT_CRRESPONSE is no event");
    let server = config().start();
    let client = joe(&server, "", "secret", "123456");
    client.connects();
    let again = format!("CRV1::{}::123456", client.question(0).id);
    let client = server.person("joe", "secret").start();
    let answer = format!("CRV1::{}::123456", client.question(0).id);
    let mark = server.mark();
    for refused in [
        server.client("joe", &again),
        server.client("joe", "CRV1::00112233445566778899aabbccddeeff::123456"),
        server.client("joe", "CRV1::guessed::123456"),
        server.client("jim", &answer),
        server.client("joe", &answer).with_certificate_of("other"),
        server.client("joe", &answer).from_address("127.0.0.2"),
    ] {
        refused.start().wait_refused();
    }
    // A client may hear of its refusal before the server's log is read.
    for why in ["no question with this id is open", "the question was put to another user"] {
        let line = format!(" login refused: {why}");
        assert!(wait_until(PATIENCE, || server.log().count(mark, &line) >= 3), "{}", server.log().text());
        assert_eq!(server.log().count(mark, &line), 3);
    }
    client.answer("123456");
    client.connects();
}

/// Also where OpenVPN is in a chroot and no longer root.
#[test]
fn in_a_chroot() {
    requires!(Need::Openvpn(2, 6, 0), "CLIENT_CRRESPONSE is no event");
    let server = config().chroot().start();
    for (methods, _) in WAYS {
        joe(&server, methods, "secret", "123456").connects();
    }
}

/// Keys are renegotiated while nobody is at the client: with a token nobody is asked again. OpenVPN checks it by itself, or
/// has the plugin agree (`external-auth`).
#[test]
fn nobody_is_asked_again_who_has_a_token() {
    requires!(Need::Openvpn(2, 6, 0), "CLIENT_CRRESPONSE is no event");
    const BY_OPENVPN: &str = "Username/auth-token authentication succeeded for username 'joe'";
    const BY_PLUGIN: &str = "PLUGIN_AUTH_USER_PASS_VERIFY status=0";
    let tokens = [("auth-gen-token 0 120", BY_OPENVPN), ("auth-gen-token 0 120 external-auth", BY_PLUGIN)];
    let every = tokens.into_iter().flat_map(|token| WAYS.map(|(methods, _)| (token, methods)));
    side_by_side(every, |((token, agrees), methods)| {
        let server = config().line("reneg-sec 8").line(token).start();
        let client = joe(&server, methods, "secret", "123456");
        client.connects();
        for _ in 0..2 {
            let mark = server.mark();
            server.wait_for(mark, agrees);
        }
        assert_eq!((client.asked().len(), client.client().log().count(Mark::START, READY)), (1, 1));
    });
}
