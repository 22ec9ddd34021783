//! A code asked for beside the password, in both ways.

use harness::management::base64;
use harness::question::Way;
use harness::{Outcome, Person, Server, ServerConfig};

use crate::examples::server_with;

const WORDS: &str = "joe secret 123456";
const QUESTION: &str = "Code from your telephone:";

fn config(method: &str) -> ServerConfig<'static> {
    server_with("challenge", &format!("{method} {WORDS}"))
}

/// Somebody whose client can be asked in both ways.
fn joe(server: &Server, password: &str, answer: &str) -> Person {
    server.person("joe", password).announcing("crtext").answers(&[answer]).start()
}

#[test]
fn while_the_login_is_pending() {
    let server = config("crtext").start();
    let client = joe(&server, "secret", "123456");
    client.connects();
    let [question] = &client.asked()[..] else { panic!("{:?}", client.asked()) };
    assert_eq!((question.way, &question.text[..]), (Way::Pending, QUESTION));
    assert_eq!((question.shown, question.wants_answer), (true, true));
    assert_eq!(joe(&server, "secret", "654321").refused(), "wrong code");
    let client = joe(&server, "wrong", "123456");
    client.refused();
    assert_eq!(client.asked(), []);
}

#[test]
fn a_client_that_cannot_ask_is_told() {
    let server = config("crtext").start();
    let refused = server.client("joe", "secret").outcome();
    assert!(
        matches!(&refused, Outcome::Refused { reason, .. } if reason.contains("cannot ask")),
        "{refused:?}"
    );
}

#[test]
fn by_a_second_login() {
    let server = config("dynamic").start();
    let client = joe(&server, "secret", "123456");
    client.connects();
    let [question] = &client.asked()[..] else { panic!("{:?}", client.asked()) };
    assert_eq!((question.way, &question.text[..]), (Way::Dynamic, QUESTION));
    assert_eq!((question.shown, question.wants_answer), (true, true));
    assert_eq!(question.user, base64(b"joe"));
    joe(&server, "secret", "654321").refused();

    // What was answered once, or what nobody was asked, counts for nothing; neither does what was asked of another.
    let again = format!("CRV1::{}::123456", question.id);
    server.client("joe", &again).start().wait_refused();
    server.client("joe", "CRV1::guessed::123456").start().wait_refused();
    let client = server.person("joe", "secret").start();
    let id = client.question(0).id;
    server.client("jim", &format!("CRV1::{id}::123456")).start().wait_refused();
    client.answer("123456");
    client.connects();
}

/// From another address than the one that was asked.
#[test]
fn the_answer_comes_from_elsewhere() {
    let server = config("dynamic").start();
    let id = server.person("joe", "secret").start().question(0).id;
    let mark = server.mark();
    server.client("joe", &format!("CRV1::{id}::123456")).from_address("127.0.0.2").start().wait_connected();
    assert!(server.log().count(mark, "127.0.0.2:") > 0, "{}", server.log().text());
}

/// Also where OpenVPN is in a chroot and no longer root.
#[test]
fn in_a_chroot() {
    for method in ["crtext", "dynamic"] {
        joe(&config(method).chroot().start(), "secret", "123456").connects();
    }
}
