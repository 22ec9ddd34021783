//! The PAM service most tests use.

use harness::{PamService, TestModule};
use std::sync::Arc;

/// The right password of every user of [`Stack`].
pub(crate) const PASSWORD: &str = "correct horse";
/// A wrong one.
pub(crate) const WRONG: &str = "wrong";

/// A service whose only module is the test module; it checks for [`PASSWORD`].
#[derive(Debug)]
pub(crate) struct Stack {
    /// The service.
    pub(crate) service: PamService,
    module: Arc<TestModule>,
}

impl Stack {
    /// Users may log in with the password.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// The same, after the actions `first` of the test module.
    pub(crate) fn with(first: &[&str]) -> Self {
        let module = TestModule::shared();
        let service = PamService::new(&lines(&module, first));
        Self { service, module }
    }

    /// These actions of the test module decide alone, whatever the password.
    pub(crate) fn answering(actions: &[&str]) -> Self {
        let module = TestModule::shared();
        let service = PamService::new(&module.stack(actions));
        Self { service, module }
    }

    /// Replaces the actions before the password check.
    pub(crate) fn change(&self, first: &[&str]) {
        self.service.rewrite(&lines(&self.module, first));
    }
}

fn lines(module: &TestModule, first: &[&str]) -> String {
    let check = format!("auth/password={PASSWORD}");
    let actions: Vec<&str> = first.iter().copied().chain([check.as_str()]).collect();
    module.stack(&actions)
}
