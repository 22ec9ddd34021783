//! What clients sent is in no memory of ours once it is decided: passwords and responses, right and wrong ones.

use std::sync::Arc;

use crate::stack::Stack;
use harness::{Account, Client, Gate, PamService, Server, ServerConfig, TestModule, memory};

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
