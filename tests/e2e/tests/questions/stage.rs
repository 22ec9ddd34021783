//! A server whose PAM service asks for a code after the password.

use std::sync::Arc;

use harness::{PamService, Server, ServerConfig, TestModule, side_by_side};

/// The right password of everybody.
pub(crate) const PASSWORD: &str = "correct horse";
/// The right answer.
pub(crate) const CODE: &str = "123456";
/// A wrong one.
pub(crate) const WRONG: &str = "654321";
/// What is asked.
pub(crate) const QUESTION: &str = "Code:";

/// A server and its service.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) server: Server,
    _service: PamService,
    _module: Arc<TestModule>,
}

impl Stage {
    /// A server that dropped its rights.
    pub(crate) fn new(options: &str) -> Self {
        Self::with(options, &asks_for_code(&[]), ServerConfig::dropped)
    }

    /// The same with other actions of the test module, and what `config` adds.
    pub(crate) fn with(
        options: &str,
        actions: &[String],
        config: impl FnOnce(ServerConfig<'static>) -> ServerConfig<'static>,
    ) -> Self {
        let module = TestModule::shared();
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        let service = PamService::new(&module.stack(&actions));
        let always = if options.contains("challenge=") { "" } else { "challenge=yes" };
        let words = format!("{always} {options}");
        let server = config(ServerConfig::auth_pam_with(&words, &service, "")).start();
        Self { server, _service: service, _module: module }
    }
}

/// Actions that check the password, do what is between, and ask for the code.
pub(crate) fn asks_for_code(between: &[&str]) -> Vec<String> {
    let (check, ask, expect) =
        (format!("auth/password={PASSWORD}"), format!("auth/ask={QUESTION}"), format!("auth/expect={CODE}"));
    [check.as_str()]
        .into_iter()
        .chain(between.iter().copied())
        .chain([ask.as_str(), expect.as_str()])
        .map(String::from)
        .collect()
}

/// Runs a check on servers of every kind: in both modes, without rights, in a chroot.
pub(crate) fn everywhere(options: &str, check: impl Fn(&Stage) + Sync) {
    side_by_side([false, true], |deferred| {
        for chroot in [false, true] {
            let config = |config: ServerConfig<'static>| {
                let config = config.dropped().deferred_if(deferred);
                if chroot { config.chroot() } else { config }
            };
            eprintln!("deferred: {deferred}, chroot: {chroot}");
            check(&Stage::with(options, &asks_for_code(&[]), config));
        }
    });
}
