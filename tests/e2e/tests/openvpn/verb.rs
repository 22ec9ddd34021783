//! `verb`: from 4 on the log says which prompt was answered; at none does it say with what.

use harness::log::Mark;
use harness::{PamService, Server, ServerConfig, TestModule};

/// Words no other line could hold by chance. The response looks like a password too.
const PASSWORD: &str = "Zyzzogeton-1845";
const RESPONSE: &str = "Quokka-2718";
/// The two as a client encodes them for a static challenge.
const ENCODED: [&str; 2] = ["Wnl6em9nZXRvbi0xODQ1", "UXVva2thLTI3MTg="];
const PAIRS: &str = "login USERNAME password PASSWORD code OTP";

fn serve(module: &TestModule, verb: u32, deferred: bool) -> (PamService, Server) {
    let check = format!("auth/password={PASSWORD}");
    let expect = format!("auth/alice:expect={RESPONSE}");
    let service =
        PamService::new(&module.stack(&[&check, "auth/alice:ask=Code: ", &expect, "auth/info=Welcome"]));
    let config = ServerConfig::auth_pam_with("", &service, PAIRS).line(&format!("verb {verb}"));
    let server = config.deferred_if(deferred).dropped().start();
    (service, server)
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
    let module = TestModule::shared();
    for (verb, named) in [(3, false), (4, true)] {
        let (_service, server) = serve(&module, verb, false);
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
    // A worker that is started later loads it, too.
    let module = TestModule::shared();
    for (verb, deferred) in [(3, false), (4, true), (7, false), (11, false), (11, true)] {
        let (_service, server) = serve(&module, verb, deferred);
        log_in(&server);
        let log = server.log().text();
        assert!(log.contains("AUTH-PAM"), "{log}");
        for secret in [PASSWORD, RESPONSE].iter().chain(&ENCODED) {
            let found: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
            assert!(found.is_empty(), "verb {verb}: {secret} in {found:#?}");
        }
    }
}

/// As docs/install.md says: OpenVPN drops the lines of plugins at `verb 0`.
#[test]
fn plugins_have_lines_from_1_on() {
    for verb in [0, 1] {
        let config = ServerConfig::auth_pam_words("nosuch=option login").line(&format!("verb {verb}"));
        let log = config.start_expecting_failure().log;
        let count = log.count(Mark::START, "PLUGIN AUTH-PAM: unknown option 'nosuch=option'");
        assert_eq!(count, verb, "{}", log.text());
    }
}
