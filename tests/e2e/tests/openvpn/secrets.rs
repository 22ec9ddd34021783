//! What clients sent is in no memory of ours once it is decided: passwords and responses, right and wrong ones.

use std::sync::Arc;

use crate::stack::Stack;
use harness::proc_table::Process;
use harness::{Account, Client, Gate, PamService, Server, ServerConfig, TestModule, memory, plugin};
use nix::sys::signal::Signal;

/// Different in each run, so that nothing else on the machine holds it. Long, because an allocator writes over the
/// beginning of what is freed: what is looked for is the end.
fn unique(what: &str) -> String {
    let number = std::process::id() ^ 0x5a5a_0000;
    format!("{what}, long enough to leave something behind, {what} {number:x}")
}

fn end_of(secret: &str) -> &[u8] {
    &secret.as_bytes()[32..]
}

struct Scene {
    account: Account,
    server: Server,
    _service: PamService,
    _module: Arc<TestModule>,
}

impl Scene {
    /// pam_unix, then a code that a static challenge brings.
    fn new(password: &str, words: &str) -> Self {
        let module = TestModule::shared();
        let service = PamService::new(&format!(
            "auth required pam_unix.so nodelay\nauth required {} [auth/ask=Code: ]\naccount required pam_unix.so\n",
            module.path().display()
        ));
        let server = ServerConfig::auth_pam_with(words, &service, "").dropped().start();
        Scene { account: Account::new(password), server, _service: service, _module: module }
    }

    fn login(&self, password: &str, code: &str) -> Client {
        self.server.client(self.account.name(), password).static_challenge("Code", code).start()
    }

    /// Our processes hold none of these; OpenVPN's none that only our code in it has decoded.
    fn hold_none(&self, secrets: &[&str]) {
        let helpers = self.server.helpers();
        assert!(helpers.len() >= 2, "{helpers:?}");
        for secret in secrets {
            for helper in &helpers {
                let found = memory::holds(helper.pid, end_of(secret));
                assert!(found.is_empty(), "'{secret}' is in {helper:?}: {found:#?}");
            }
            let found = memory::holds(self.server.pid(), end_of(secret));
            assert!(found.is_empty(), "'{secret}' is in OpenVPN: {found:#?}");
        }
    }
}

fn after_logins(words: &str) {
    let (password, code) = (unique("right password"), unique("right code"));
    let (wrong, other) = (unique("wrong password"), unique("other code"));
    let scene = Scene::new(&password, words);
    scene.login(&password, &code).wait_connected();
    scene.login(&wrong, &other).wait_refused();
    scene.hold_none(&[&password, &code, &wrong, &other]);
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
        let has = |secret: &str| !memory::holds(helper.pid, end_of(secret)).is_empty();
        let expected = helper.pid == worker;
        assert_eq!((has(&password), has(&code)), (expected, expected), "{helper:?}");
    }
    gate.open();
    client.wait_connected();
}

/// What logins may come to. The last ones leave a worker.
const WAYS: [&str; 7] = ["crash", "abort", "exit", "hang", "closefds", "good", "wrong"];

/// The processes of both plugins.
fn of_both_plugins(server: &Server) -> Vec<Process> {
    let mut found = server.netns().processes();
    found.retain(|process| process.name.starts_with("auth-pam") || process.name.starts_with("down-root"));
    found
}

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
        for process in all {
            for secret in &secrets {
                let found = memory::holds(process.pid, end_of(secret));
                assert!(found.is_empty(), "'{secret}' is in {process:?}: {found:#?}");
            }
        }
    }
}
