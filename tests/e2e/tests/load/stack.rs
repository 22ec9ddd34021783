//! The PAM service of these tests: the test module alone, which lets in whom it is not told to treat otherwise.

use std::sync::Arc;

use harness::{Gate, PamService, TestModule};

/// The service, and the module that it needs as long as anybody logs in.
#[derive(Debug)]
pub(crate) struct Stack {
    /// The service.
    pub(crate) service: PamService,
    _module: Arc<TestModule>,
}

impl Stack {
    /// The module with these arguments.
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let module = TestModule::shared();
        Self { service: PamService::new(&module.stack(arguments)), _module: module }
    }

    /// Everybody whose name begins with `slow` is stopped at the gate.
    pub(crate) fn with_gate(gate: &Gate) -> Self {
        let (tell, wait) = (format!("auth/slow*:{}", gate.tell()), format!("auth/slow*:{}", gate.wait()));
        Self::new(&[&tell, &wait])
    }
}
