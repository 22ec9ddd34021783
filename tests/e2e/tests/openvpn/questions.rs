//! PAM asks for more than a password: the client is refused with the question, and its person answers.

use std::sync::Arc;

use harness::client::{Client, ClientConfig, Outcome};
use harness::log::Mark;
use harness::server::READY;
use harness::{PATIENCE, PamService, Server, ServerConfig, TestModule};
use nix::sys::signal::Signal;

use crate::stack::PASSWORD;

const CODE: &str = "314159";

/// A stack that wants the password and then a code. The module is there as long as it is held.
fn service() -> (Arc<TestModule>, PamService) {
    let module = TestModule::shared();
    let (check, expected) = (format!("auth/password={PASSWORD}"), format!("auth/expect={CODE}"));
    let stack = module.stack(&[&check, "auth/info=A code was sent.", "auth/ask=Code: ", &expected]);
    (module, PamService::new(&stack))
}

fn config(service: &PamService) -> ServerConfig<'_> {
    ServerConfig::auth_pam_with("challenge=yes", service, "")
}

/// A client whose person answers so.
fn person<'a>(server: &'a Server, answer: &str) -> ClientConfig<'a> {
    server
        .client("alice", PASSWORD)
        .typed(answer)
        .line("auth-user-pass")
        .line("auth-retry interact")
        .line("connect-retry-max 5")
}

fn sees(client: &Client, text: &str) {
    client.log().wait_for(Mark::START, text, PATIENCE);
}

/// Who knows the code gets in, who does not is refused, and a question is no failed login.
fn asks(server: &Server) {
    let client = person(server, CODE).start();
    sees(&client, "AUTH_FAILED,CRV1:R:");
    sees(&client, ":A code was sent. Code:");
    sees(&client, READY);
    assert_eq!(server.log().count(Mark::START, "failed to authenticate"), 0, "{}", server.log().text());
    let mark = server.mark();
    let client = person(server, "271828").start();
    server.wait_for(mark, "user 'alice': the client was asked a question");
    server.wait_for(mark, "user 'alice' failed to authenticate: Authentication failure");
    drop(client);
    let log = server.log().text();
    assert!(!log.contains(CODE) && !log.contains("271828") && !log.contains(PASSWORD), "{log}");
}

#[test]
fn default_mode() {
    let (_module, service) = service();
    asks(&config(&service).line("verb 11").dropped().start());
}

#[test]
fn deferred_mode() {
    let (_module, service) = service();
    asks(&config(&service).deferred().dropped().start());
}

#[test]
fn in_a_chroot() {
    let (_module, service) = service();
    asks(&config(&service).deferred().dropped().chroot().start());
}

/// The id of the question that a login leads to.
fn question(server: &Server) -> String {
    match server.client("alice", PASSWORD).outcome() {
        Outcome::Refused { reason, .. } if reason.starts_with("CRV1:R:") => {
            reason.split(':').nth(2).unwrap_or_default().to_string()
        }
        other => panic!("no question: {other:?}\n{}", server.log().text()),
    }
}

fn answered<'a>(server: &'a Server, id: &str) -> ClientConfig<'a> {
    server.client("alice", &format!("CRV1::{id}::{CODE}"))
}

/// A restart of the server while the person types: SIGUSR1 changes nothing. After SIGHUP the answer fits no question.
#[test]
fn a_question_outlives_sigusr1_and_not_sighup() {
    let (_module, service) = service();
    for deferred in [false, true] {
        let server = config(&service).deferred_if(deferred).start();
        let id = question(&server);
        server.restart(Signal::SIGUSR1);
        answered(&server, &id).connect();
        let id = question(&server);
        server.restart(Signal::SIGHUP);
        let mark = server.mark();
        answered(&server, &id).start().wait_refused();
        server.wait_for(mark, "the answer belongs to no question that waits for one");
    }
}
