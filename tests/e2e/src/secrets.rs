//! What tests look for in the memory of processes, and a server for logins with a password and a code.

use std::sync::Arc;

use harness::proc_table::Process;
use harness::{Account, PamService, Server, ServerConfig, TestModule, process_memory};

/// A secret that is different in each run, so that nothing else on the machine holds it. Long, because an allocator writes
/// over the beginning of what is freed: what is looked for is the end.
pub fn unique(what: &str) -> String {
    format!("{what}, long enough to leave something behind, {what} {:x}", std::process::id() ^ 0x5a5a_0000)
}

/// What a search looks for.
pub fn end_of(secret: &str) -> &str {
    &secret[32..]
}

/// Where a process has the secret.
pub fn places(pid: i32, secret: &str) -> Vec<String> {
    process_memory::holds(pid, end_of(secret).as_bytes())
}

/// Panics if one of these processes has the secret.
pub fn assert_nowhere(processes: &[Process], secret: &str) {
    for process in processes {
        let found = places(process.pid, secret);
        assert!(found.is_empty(), "'{secret}' is in {process:?}: {found:#?}");
    }
}

/// The processes of both plugins.
pub fn of_both_plugins(server: &Server) -> Vec<Process> {
    let mut found = server.netns().processes();
    found.retain(|process| process.name.starts_with("auth-pam") || process.name.starts_with("down-root"));
    found
}

/// A server whose PAM service is pam_unix and then the test module, which may ask for a code. The plugin reads the service
/// file, so no secret stands there.
#[derive(Debug)]
pub struct TwoFactors {
    /// The only account with the password.
    pub account: Account,
    /// The server.
    pub server: Server,
    _service: PamService,
    _module: Arc<TestModule>,
}

impl TwoFactors {
    /// `options` are the plugin's, `actions` the test module's.
    pub fn new(
        password: &str,
        options: &str,
        actions: &str,
        config: impl FnOnce(ServerConfig<'static>) -> ServerConfig<'static>,
    ) -> Self {
        let module = TestModule::shared();
        let service = PamService::new(&format!(
            "auth required pam_unix.so nodelay\nauth required {} {actions}\naccount required pam_unix.so\n",
            module.path().display()
        ));
        let server = config(ServerConfig::auth_pam_with(options, &service, "")).dropped().start();
        Self { account: Account::new(password), server, _service: service, _module: module }
    }

    /// Which helpers have this in their memory.
    pub fn holders(&self, secret: &str) -> Vec<i32> {
        let helpers = self.server.helpers();
        assert!(helpers.len() >= 2, "{helpers:?}");
        helpers.into_iter().map(|it| it.pid).filter(|pid| !places(*pid, secret).is_empty()).collect()
    }
}
