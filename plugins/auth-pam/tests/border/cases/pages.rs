//! PAM modules that send the person to a web page (device flows), in a message or in a prompt.

use harness::Gate;
use ovpn_plugin_host::{FuncResult, Login};

use crate::stage::{PATIENCE, Stage, deferred, rejected, user, user_at};

fn stage(options: &[&str]) -> Stage {
    Stage::open(&[&["refusal-time=0", "grace=0", "question-wait=1000"], options].concat())
}

/// The client opens the page, and nobody is asked anything.
pub(crate) fn a_client_that_can_opens_the_page() {
    let stage = stage(&["open-urls=yes"]);
    for (announced, expected) in [
        ("crtext,webauth,openurl", "130\nwebauth\nWEB_AUTH::https://example.com/d?c=AB-12\n"),
        ("openurl", "130\nopenurl\nOPEN_URL:https://example.com/d?c=AB-12\n"),
    ] {
        for how in ["ask-pageG", "ask-pageEG", "ask-pagePG"] {
            let gate = Gate::new();
            let login = deferred(user_at(how, &gate)).env("IV_SSO", announced);
            let client = stage.plugin.client();
            let login = client.start_login(&login).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(login.result, FuncResult::Deferred, "{how}: {}", stage.log());
            assert_eq!(login.files.pending_text().as_deref(), Some(expected), "{how}");
            gate.arrival();
            assert_eq!(login.files.verdict(), None);
            gate.open();
            let outcome = login.finish(PATIENCE);
            assert!(outcome.accepted(), "{how}: {outcome}\n{}", stage.log());
        }
    }
}

fn answered(login: &Login, reason: &str) -> Login {
    let id = reason.split(':').nth(2).unwrap_or_default();
    login.clone().env("password", format!("CRV1::{id}::"))
}

/// Others read where it is, and come again when they are done. One question, however the module puts it.
pub(crate) fn other_clients_read_where_it_is() {
    let stage = stage(&["open-urls=yes"]);
    for (how, text) in [
        ("ask-page", "Open https://example.com/d?c=AB-12."),
        ("ask-pageE", "Open https://example.com/d?c=AB-12."),
        ("ask-pageP", "Open https://example.com/d?c=AB-12 and press Enter:"),
    ] {
        for login in [user(how).env("IV_SSO", "webauth"), deferred(user(how))] {
            let outcome = stage.login(&login);
            assert!(rejected(&outcome), "{how}: {outcome}\n{}", stage.log());
            let reason = outcome.reason.unwrap_or_default();
            assert!(reason.starts_with("CRV1:R") && reason.ends_with(&format!(":{text}")), "{how}: {reason}");
            let outcome = stage.login(&answered(&login, &reason));
            assert!(outcome.accepted(), "{how}: {outcome}\n{}", stage.log());
        }
    }
}

/// Without the option nothing is asked, and a prompt gets what it always got.
pub(crate) fn without_the_option_nobody_opens_a_page() {
    let stage = stage(&[]);
    let login = deferred(user("ask-page")).env("IV_SSO", "webauth");
    let outcome = stage.login(&login);
    assert!(outcome.accepted() && outcome.pending.is_none(), "{outcome}");
    assert!(rejected(&stage.login(&user("ask-pageP"))), "the prompt gets the password");
}
