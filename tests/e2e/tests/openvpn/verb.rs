//! `verb`: from 4 on the log says which prompt was answered; at none does it say with what.

use std::sync::Arc;

use harness::log::Mark;
use harness::{PamService, Server, ServerConfig, TestModule};

/// Words no other line could hold by chance. The response looks like a password too.
const PASSWORD: &str = "Zyzzogeton-1845";
const RESPONSE: &str = "Quokka-2718";
/// The two as a client encodes them for a static challenge.
const ENCODED: [&str; 2] = ["Wnl6em9nZXRvbi0xODQ1", "UXVva2thLTI3MTg="];
const PAIRS: &str = "login USERNAME password PASSWORD code OTP";

/// The module and the service last as long as what is given back with the server.
fn serve(verb: u32, deferred: bool) -> ((Arc<TestModule>, PamService), Server) {
    let module = TestModule::shared();
    let check = format!("auth/password={PASSWORD}");
    let expect = format!("auth/alice:expect={RESPONSE}");
    let service =
        PamService::new(&module.stack(&[&check, "auth/alice:ask=Code: ", &expect, "auth/info=Welcome"]));
    let config = ServerConfig::auth_pam_with("", &service, PAIRS).line(&format!("verb {verb}"));
    let server = config.deferred_if(deferred).dropped().start();
    ((module, service), server)
}

/// A login with password and response, one with a wrong response, one whose prompt finds no response.
fn log_in(server: &Server) {
    server.client("alice", PASSWORD).static_challenge("Code", RESPONSE).start().wait_connected();
    server.client("alice", PASSWORD).static_challenge("Code", PASSWORD).start().wait_refused();
    server.client("alice", PASSWORD).start().wait_refused();
    server.client("bob", PASSWORD).start().wait_connected();
    server.client("bob", RESPONSE).start().wait_refused();
    server.stop();
}

#[test]
fn answered_prompts_are_named_from_4_on() {
    for (verb, named) in [(3, false), (4, true)] {
        let (_service, server) = serve(verb, false);
        log_in(&server);
        let said = |text| server.log().count(Mark::START, text) > 0;
        for line in
            ["user 'alice': prompt 'Password: ' (Hidden input) answered", "user 'alice': prompt 'Code: '"]
        {
            assert_eq!(said(line), named, "verb {verb}, {line}:\n{}", server.log().text());
        }
        // What goes wrong is said at any.
        assert!(said("user 'alice': no answer to the prompt 'Code: '"), "{}", server.log().text());
        assert!(said("user 'bob' failed to authenticate"), "{}", server.log().text());
    }
}

#[test]
fn no_secret_at_any() {
    for (verb, deferred) in [(3, false), (4, true), (7, false), (11, false), (11, true)] {
        let (_service, server) = serve(verb, deferred);
        log_in(&server);
        let log = server.log().text();
        assert!(log.contains("AUTH-PAM"), "{log}");
        for secret in [PASSWORD, RESPONSE].iter().chain(&ENCODED) {
            let found: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
            assert!(found.is_empty(), "verb {verb}: {secret} in {found:#?}");
        }
    }
}
