//! A decision takes effect only with the reply that defers. In every other case it touches no file.

use std::cell::RefCell;
use std::time::Duration;

use ovpn_plugin::testing::{CallData, ConnectFiles, LoginFiles, Outcome, Running};
use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientConfig, ClientConnect, ClientConnectReply, ConnectDecision,
    Decision, Deferral, EventSet, OpenArgs, Pending, Plugin, Rejection, Result,
};

const LINE: &str = "the handler deferred the login and then answered directly";

/// Does with a decision what the username's first word says, and replies with the second.
#[derive(Default)]
struct Sample {
    login: RefCell<Option<Decision>>,
    client: RefCell<Option<ConnectDecision>>,
    deferral: RefCell<Option<Deferral>>,
}

fn words<'a>(event: ovpn_plugin::Env<'a>) -> (&'a str, &'a str) {
    event.get_str("username").and_then(|text| text.split_once(' ')).unwrap()
}

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        Ok(Self::default())
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let (answer, reply) = words(event.env());
        let Ok((decision, deferral)) = event.defer() else { return Ok(AuthReply::Reject) };
        assert!(decision.is_wanted());
        match answer {
            "accept" => decision.accept().unwrap(),
            "reject" => decision.reject().unwrap(),
            "reject-with" => decision.reject_with(&Rejection::because("no")).unwrap(),
            "thread" => {
                std::thread::scope(|scope| scope.spawn(|| decision.accept().unwrap()).join().unwrap());
            }
            "drop" => drop(decision),
            _ => *self.login.borrow_mut() = Some(decision),
        }
        Ok(match reply {
            "accept" => AuthReply::Accept,
            "error" => return Err("told to fail".into()),
            "by-hand" => AuthReply::Deferred(Deferral::by_hand()),
            "keep-deferral" => {
                *self.deferral.borrow_mut() = Some(deferral);
                AuthReply::Reject
            }
            "other-deferral" => AuthReply::Deferred(self.deferral.take().unwrap()),
            "reject" => AuthReply::Reject,
            "reject-with" => AuthReply::RejectWith(Rejection::because("told")),
            "pending" => AuthReply::Pending(Pending::text(Duration::from_secs(60), "Code?")?, deferral),
            "deferred" => AuthReply::Deferred(deferral),
            _ => panic!("told to"),
        })
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        let (answer, reply) = words(event.env());
        let Ok((decision, deferral)) = event.defer() else { return Ok(ClientConnectReply::Reject) };
        let mut config = ClientConfig::new();
        config.option("iroute 10.1.0.0").unwrap();
        match answer {
            "accept" => decision.accept(&config).unwrap(),
            "reject" => decision.reject().unwrap(),
            "drop" => drop(decision),
            _ => *self.client.borrow_mut() = Some(decision),
        }
        Ok(match reply {
            "accept" => ClientConnectReply::Accept,
            "reject" => ClientConnectReply::Reject,
            "deferred" => ClientConnectReply::Deferred(deferral),
            _ => panic!("told to"),
        })
    }
}

fn plugin() -> Running<Sample> {
    Running::open(&CallData::new()).unwrap()
}

fn login(plugin: &mut Running<Sample>, files: &LoginFiles, user: &str) -> Outcome {
    let call = files.call().env("username", user).env("IV_SSO", "crtext");
    plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome
}

fn control(files: &LoginFiles) -> String {
    std::fs::read_to_string(files.control_file()).unwrap()
}

const ANSWERS: [&str; 6] = ["accept", "reject", "reject-with", "thread", "drop", "keep"];

#[test]
fn after_a_direct_reply_it_is_void() {
    for answer in ANSWERS {
        for reply in ["accept", "reject", "reject-with"] {
            let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
            let user = format!("{answer} {reply}");
            assert_eq!(login(&mut plugin, &files, &user), Outcome::Error, "{user}");
            if let Some(kept) = plugin.plugin().login.take() {
                assert!(!kept.is_wanted(), "{user}");
                kept.accept().unwrap();
            }
            assert_eq!(control(&files), "", "{user}");
            assert_eq!(files.reason(), if reply == "reject-with" { "told" } else { "" }, "{user}");
            let lines = plugin.log_lines().into_iter().filter(|line| line.text.contains(LINE));
            assert_eq!(lines.count(), 1, "{user}: {:?}", plugin.log_lines());
        }
    }
}

#[test]
fn after_a_panic_it_is_void() {
    for answer in ANSWERS {
        let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
        assert_eq!(login(&mut plugin, &files, &format!("{answer} panic")), Outcome::Error, "{answer}");
        plugin.plugin().login.take().into_iter().for_each(|kept| kept.accept().unwrap());
        assert_eq!((control(&files).as_str(), files.reason().as_str()), ("", ""), "{answer}");
    }
}

/// An error is the same as a panic.
#[test]
fn after_an_error_it_is_void() {
    for answer in ANSWERS {
        let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
        assert_eq!(login(&mut plugin, &files, &format!("{answer} error")), Outcome::Error, "{answer}");
        plugin.plugin().login.take().into_iter().for_each(|kept| kept.accept().unwrap());
        assert_eq!((control(&files).as_str(), files.reason().as_str()), ("", ""), "{answer}");
        assert!(plugin.logged("AUTH_USER_PASS_VERIFY failed: told to fail"), "{:?}", plugin.log_lines());
    }
}

/// A deferral is good for the call that gave it.
#[test]
fn a_deferral_of_another_call_rejects() {
    for answer in ANSWERS {
        let (mut plugin, other, files) = (plugin(), LoginFiles::new().unwrap(), LoginFiles::new().unwrap());
        assert_eq!(login(&mut plugin, &other, "accept keep-deferral"), Outcome::Error);
        assert_eq!(
            login(&mut plugin, &files, &format!("{answer} other-deferral")),
            Outcome::Error,
            "{answer}"
        );
        plugin.plugin().login.take().into_iter().for_each(|kept| kept.accept().unwrap());
        assert_eq!((control(&other).as_str(), control(&files).as_str()), ("", ""), "{answer}");
        let line = "the deferral in the reply is not the one that `defer` gave in this call";
        assert!(plugin.logged(line), "{:?}", plugin.log_lines());
    }
}

#[test]
fn a_decision_does_not_go_with_a_deferral_by_hand() {
    let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
    assert_eq!(login(&mut plugin, &files, "accept by-hand"), Outcome::Error);
    assert_eq!(control(&files), "");
}

#[test]
fn after_a_question_that_cannot_be_asked_it_is_void() {
    for answer in ANSWERS {
        let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
        let call = files.call().env("username", format!("{answer} pending"));
        assert_eq!(plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome, Outcome::Error, "{answer}");
        assert!(plugin.logged("the client does not support 'crtext'"));
        plugin.plugin().login.take().into_iter().for_each(|kept| kept.accept().unwrap());
        assert_eq!((control(&files).as_str(), files.pending().as_str()), ("", ""), "{answer}");
    }
}

#[test]
fn an_answer_before_the_reply_is_kept_until_then() {
    for reply in ["deferred", "pending"] {
        for (answer, verdict) in
            [("accept", "1"), ("thread", "1"), ("reject", "0"), ("reject-with", "0"), ("drop", "0")]
        {
            let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
            let user = format!("{answer} {reply}");
            assert_eq!(login(&mut plugin, &files, &user), Outcome::Deferred, "{user}");
            assert_eq!(control(&files), verdict, "{user}");
            assert_eq!(files.reason(), if answer == "reject-with" { "no" } else { "" }, "{user}");
            assert_eq!(files.pending().is_empty(), reply == "deferred", "{user}");
        }
    }
}

#[test]
fn an_answer_after_the_reply_is_written_at_once() {
    for reply in ["deferred", "pending"] {
        let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
        assert_eq!(login(&mut plugin, &files, &format!("keep {reply}")), Outcome::Deferred);
        assert_eq!(control(&files), "");
        let kept = plugin.plugin().login.take().unwrap();
        std::thread::spawn(move || kept.accept().unwrap()).join().unwrap();
        assert_eq!(control(&files), "1");
        let files = LoginFiles::new().unwrap();
        assert_eq!(login(&mut plugin, &files, &format!("keep {reply}")), Outcome::Deferred);
        drop(plugin);
        assert_eq!(control(&files), "0", "dropped with the plugin");
    }
}

/// Another plugin wrote between the decision and the reply, or before.
#[test]
fn a_control_file_that_was_used_rejects() {
    let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
    std::fs::write(files.control_file(), "1").unwrap();
    assert_eq!(login(&mut plugin, &files, "accept deferred"), Outcome::Error);
    let files = LoginFiles::new().unwrap();
    assert_eq!(login(&mut plugin, &files, "keep deferred"), Outcome::Deferred);
    std::fs::write(files.control_file(), "1").unwrap();
    plugin.plugin().login.take().unwrap().accept().unwrap();
    assert_eq!(control(&files), "0");
    assert!(plugin.logged("another plugin or an earlier answer has used its control file"));
}

#[test]
fn a_reason_of_somebody_else_stays() {
    let (mut plugin, files) = (plugin(), LoginFiles::new().unwrap());
    std::fs::write(files.control_file().with_file_name("reason"), "theirs").unwrap();
    assert_eq!(login(&mut plugin, &files, "drop reject-with"), Outcome::Error);
    assert_eq!(files.reason(), "theirs");
    assert!(plugin.logged("has given a reason, which stays"), "{:?}", plugin.log_lines());
}

fn connect(plugin: &mut Running<Sample>, files: &ConnectFiles, user: &str) -> Outcome {
    plugin.call(EventSet::CLIENT_CONNECT, &files.call().env("username", user)).outcome
}

#[test]
fn the_same_holds_for_a_connecting_client() {
    for answer in ["accept", "reject", "drop", "keep"] {
        for reply in ["accept", "reject", "panic"] {
            let (mut plugin, files) = (plugin(), ConnectFiles::new().unwrap());
            let user = format!("{answer} {reply}");
            assert_eq!(connect(&mut plugin, &files, &user), Outcome::Error, "{user}");
            let kept = plugin.plugin().client.take();
            kept.into_iter().for_each(|kept| kept.accept(&ClientConfig::new()).unwrap());
            assert_eq!((files.verdict().as_str(), files.config().as_str()), ("", ""), "{user}");
            let said = plugin.logged("the handler deferred the client and then answered directly");
            assert_eq!(said, reply != "panic", "{user}");
        }
    }
    for (answer, verdict) in [("accept", "1"), ("reject", "0"), ("drop", "0"), ("keep", "2")] {
        let (mut plugin, files) = (plugin(), ConnectFiles::new().unwrap());
        assert_eq!(connect(&mut plugin, &files, &format!("{answer} deferred")), Outcome::Deferred);
        assert_eq!(files.verdict(), verdict, "{answer}");
        assert_eq!(files.config().is_empty(), answer != "accept", "{answer}");
        plugin.plugin().client.take().into_iter().for_each(|kept| kept.reject().unwrap());
        assert_ne!(files.verdict(), "2");
    }
}
