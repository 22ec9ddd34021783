//! What clients sent is in no memory of ours once it is decided: passwords and responses, right and wrong ones.

use crate::stack::Stack;
use e2e::secrets::{TwoFactors, assert_nowhere, of_both_plugins, places, unique};
use harness::{Client, Gate, ServerConfig, plugin};
use nix::sys::signal::Signal;

/// Asks for a code, which a static challenge brings.
fn server(password: &str, options: &str) -> TwoFactors {
    TwoFactors::new(password, options, "[auth/ask=Code: ]", |config| config)
}

fn login(at: &TwoFactors, password: &str, code: &str) -> Client {
    at.server.client(at.account.name(), password).static_challenge("Code", code).start()
}

fn after_logins(words: &str) {
    let (password, code) = (unique("right password"), unique("right code"));
    let (wrong, other) = (unique("wrong password"), unique("other code"));
    let at = server(&password, words);
    login(&at, &password, &code).wait_connected();
    login(&at, &wrong, &other).wait_refused();
    for secret in [&password, &code, &wrong, &other] {
        assert_eq!(at.holders(secret), [0; 0], "{secret}");
        // OpenVPN has none that only our code in it has decoded.
        assert_eq!(places(at.server.pid(), secret), [""; 0], "{secret} in OpenVPN");
    }
}

#[test]
fn after_direct_logins() {
    after_logins("");
}

#[test]
fn after_deferred_logins() {
    after_logins("deferred=yes");
}

/// The search finds what is there: as long as PAM decides, its worker has the password, and nobody else.
#[test]
fn during_a_login_only_its_worker_has_them() {
    let gate = Gate::new();
    let stack = Stack::answering(&[&format!("auth/{}", gate.tell()), &format!("auth/{}", gate.wait())]);
    let words = format!("deferred=yes {}", stack.service.words());
    let server = ServerConfig::auth_pam_words(&words).dropped().start();
    let (password, code) = (unique("password"), unique("code"));
    let client = server.client("alice", &password).static_challenge("Code", &code).start();
    let worker = gate.arrival();
    for helper in server.helpers() {
        let has = |secret: &str| !places(helper.pid, secret).is_empty();
        let expected = helper.pid == worker;
        assert_eq!((has(&password), has(&code)), (expected, expected), "{helper:?}");
    }
    gate.open();
    client.wait_connected();
}

/// What logins may come to. The last ones leave a worker.
const WAYS: [&str; 7] = ["crash", "abort", "exit", "hang", "closefds", "good", "wrong"];

/// Neither what failed nor what succeeded is in any of them, also not in those that took the place of others: the keepers,
/// from which all are forked, have never had it.
#[test]
fn after_failures_and_restarts_nobody_has_any() {
    let mut actions: Vec<String> = WAYS[..5].iter().map(|fault| format!("auth/{fault}-*:{fault}")).collect();
    actions.push("auth/wrong-*:deny".to_string());
    let stack = Stack::answering(&actions.iter().map(String::as_str).collect::<Vec<_>>());
    let down_root = plugin::built("libopenvpn_plugin_down_root.so");
    let words = format!("timeout=2 deferred=yes {}", stack.service.words());
    let server = ServerConfig::auth_pam_words(&words)
        .plugin_file(&down_root, "on=client-connect:/bin/true /bin/true")
        .dropped()
        .start();
    let mut secrets = Vec::new();
    for round in 0..2 {
        let mut clients = Vec::new();
        for way in WAYS {
            // Plain, and inside a static challenge.
            let [plain, password, code] =
                ["plain", "password", "code"].map(|what| unique(&format!("{what} {way} {round}")));
            let user = format!("{way}-{round}");
            clients.push((way, server.client(&user, &plain).start()));
            let client = server.client(&user, &password).static_challenge("Code", &code).start();
            clients.push((way, client));
            secrets.extend([plain, password, code]);
        }
        for (way, client) in &clients {
            let _took = if *way == "good" { client.wait_connected() } else { client.wait_refused() };
        }
        if round == 0 {
            server.replace_supervisor();
        } else {
            server.restart(Signal::SIGUSR1);
        }
        server.client("good-last", "word").start().wait_connected();
        let all = of_both_plugins(&server);
        for name in ["auth-pam-keeper", "auth-pam-super", "auth-pam-worker", "down-root-keep", "down-root"] {
            assert!(all.iter().any(|process| process.name == name), "no {name}: {all:?}");
        }
        secrets.iter().for_each(|secret| assert_nowhere(&all, secret));
    }
}
