//! What the other tests are made of does what they take for granted; here without a single question.

use std::sync::Arc;

use harness::log::Mark;
use harness::netns::NetNs;
use harness::radius::{Radius, Round};
use harness::{Account, Gate, PamService, ServerConfig, TestModule};

use crate::stage::{CODE, PASSWORD, WRONG};

/// A static challenge answers the only question of the server.
#[test]
fn radius() {
    let netns = Arc::new(NetNs::new());
    let round = Round { question: "Code from your telephone:", answer: CODE, shown: true };
    let radius = Radius::asking(&netns, PASSWORD, &[round]);
    let service = PamService::new(&(radius.auth_line() + "account required pam_permit.so\n"));
    let server = ServerConfig::auth_pam(&service).in_netns(&netns).dropped().start();
    let log_in =
        |password: &str, code: &str| server.client("alice", password).static_challenge("Code", code).start();
    log_in(PASSWORD, CODE).wait_connected();
    log_in(PASSWORD, WRONG).wait_refused();
    log_in(WRONG, CODE).wait_refused();
}

#[test]
fn an_account_whose_password_is_to_be_changed() {
    let account = Account::to_be_changed(PASSWORD);
    let service = PamService::new("auth required pam_unix.so nodelay\naccount required pam_unix.so\n");
    let server = ServerConfig::auth_pam(&service).dropped().start();
    server.client(account.name(), PASSWORD).start().wait_refused();
    server.wait_for(Mark::START, "Authentication token is no longer valid; new one required");
}

/// The name and the password are asked for in one call of the conversation function, after two messages.
#[test]
fn several_prompts_in_one_call() {
    let module = TestModule::shared();
    let gate = Gate::new();
    let expected = format!("auth/expect-all=alice|{PASSWORD}");
    let end = format!("auth/{}", gate.at_end());
    let service = PamService::new(&module.stack(&[
        &end,
        "auth/with-info=Welcome",
        "auth/with-show=Name:",
        "auth/with-error=Take care",
        "auth/ask=Password:",
        &expected,
    ]));
    let server = ServerConfig::auth_pam(&service).dropped().start();
    server.client("alice", PASSWORD).start().wait_connected();
    assert_eq!(vec![gate.arrival()], server.workers().iter().map(|worker| worker.pid).collect::<Vec<_>>());
    server.client("alice", WRONG).start().wait_refused();
}

/// Linux-PAM has two styles that no client can show.
#[test]
fn other_styles_are_refused() {
    let module = TestModule::shared();
    for action in ["auth/radio=Yes or no?", "auth/binary"] {
        let service = PamService::new(&module.stack(&[action]));
        let server = ServerConfig::auth_pam(&service).dropped().start();
        server.client("alice", PASSWORD).start().wait_refused();
        server.wait_for(Mark::START, "Conversation error");
    }
}
