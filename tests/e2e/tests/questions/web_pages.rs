//! Modules that send people to a web page and wait there for them.

use harness::ServerConfig;
use harness::needs::Need;
use harness::question::QuestionKind;
use harness::requires;

use crate::stage::{CODE, PASSWORD, Stage};

const URL: &str = "https://login.example.com/device?user_code=ABCD-EFGH";
const OPTIONS: &str = "deferred=yes question-wait=1000 open-urls=yes";

/// Device flow: the module shows an address, and asks for Enter while it polls.
#[test]
fn an_address_is_opened() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let actions = [
        format!("auth/password={PASSWORD}"),
        format!("auth/info=Open {URL} in a browser."),
        "auth/ask=Press Enter when done:".to_string(),
        "auth/expect=".to_string(),
    ];
    let stage = Stage::with(OPTIONS, &actions, ServerConfig::dropped);
    for method in ["webauth", "openurl"] {
        let alice = stage.server.person("alice", PASSWORD).announcing(method).start();
        alice.connects();
        let [question] = &alice.asked()[..] else { panic!("{:#?}", alice.asked()) };
        assert_eq!((question.kind, &question.text[..]), (QuestionKind::Url, URL));
    }
    // Others read it.
    let alice = stage.server.person("alice", PASSWORD).answers(&[""]).start();
    alice.connects();
    assert!(alice.asked()[0].text.contains(URL), "{:?}", alice.asked());
}

/// A module that asks nothing, and polls until the person was there.
#[test]
fn an_address_without_a_prompt_is_opened() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let actions = [
        format!("auth/password={PASSWORD}"),
        format!("auth/info=Open {URL} in a browser."),
        "auth/sleep=1500".to_string(),
    ];
    let stage = Stage::with(OPTIONS, &actions, ServerConfig::dropped);
    let alice = stage.server.person("alice", PASSWORD).announcing("webauth").start();
    alice.connects();
    let [question] = &alice.asked()[..] else { panic!("{:#?}", alice.asked()) };
    assert_eq!((question.kind, &question.text[..]), (QuestionKind::Url, URL));
}

/// What is no web page over TLS is text, whatever the client can open.
#[test]
fn other_addresses_are_text() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    for text in
        ["http://login.example.com/", "javascript:alert(1)", "https:login", "file:///etc/passwd", "https://"]
    {
        let actions = [
            format!("auth/password={PASSWORD}"),
            format!("auth/info=See {text}"),
            "auth/ask=Code:".to_string(),
            format!("auth/expect={CODE}"),
        ];
        let stage = Stage::with(OPTIONS, &actions, ServerConfig::dropped);
        let alice =
            stage.server.person("alice", PASSWORD).announcing("webauth,openurl").answers(&[CODE]).start();
        alice.connects();
        let [question] = &alice.asked()[..] else { panic!("{:#?}", alice.asked()) };
        assert_eq!(
            (question.kind, &question.text[..]),
            (QuestionKind::Dynamic, &format!("See {text} Code:")[..])
        );
    }
}

/// The option is off unless somebody wants it.
#[test]
fn nothing_is_opened_without_the_option() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let actions = [
        format!("auth/password={PASSWORD}"),
        format!("auth/info=Open {URL} in a browser."),
        "auth/ask=Press Enter when done:".to_string(),
    ];
    let stage = Stage::with("deferred=yes question-wait=300", &actions, ServerConfig::dropped);
    let alice = stage.server.person("alice", PASSWORD).announcing("webauth").answers(&[""]).start();
    alice.connects();
    assert_eq!(alice.asked()[0].kind, QuestionKind::Dynamic);
}
