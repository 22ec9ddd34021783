//! The server.

use std::path::PathBuf;
use std::sync::Arc;

use harness::scratch::Scratch;
use harness::{PamService, Server, ServerConfig, TestModule};

/// Everybody's.
pub(crate) const PASSWORD: &str = "word";
pub(crate) const ANSWER: &str = "123456";
/// A client that does not connect is forgotten ten seconds after this; OpenVPN's own value is longer. Half the time between two
/// restarts: a login without an answer ends then, and the client comes again by itself.
pub(crate) const HAND_WINDOW: u32 = 10;

/// A server with all that the plugin can do for its logins.
pub(crate) struct Stage {
    // Goes first.
    pub(crate) server: Server,
    scratch: Scratch,
    _service: PamService,
    _module: Arc<TestModule>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let (scratch, module) = (Scratch::of_root(), TestModule::shared());
        let password = format!("auth/password={PASSWORD}");
        let answer = format!("auth/ask*:expect={ANSWER}");
        let arguments = ["auth/crash*:crash", "auth/hang*:hang", &password, "auth/ask*:ask=Code:", &answer];
        let service = PamService::new(&(module.stack(&arguments) + "session required pam_permit.so\n"));
        let figures = scratch.directory("figures", 0o755);
        // Together they are too long for a line.
        let options = format!(
            "session=yes\nchallenge=yes\nchallenge-timeout=20\ntimeout=3\nstatus={}\nmetrics={}\n",
            scratch.join("socket").display(),
            figures.join("soak.prom").display()
        );
        let options = format!("options={}", scratch.write("options", &options, 0o644).display());
        let server = ServerConfig::auth_pam_with(&options, &service, "")
            .deferred()
            .line("duplicate-cn")
            .line("keepalive 2 10")
            .line(&format!("hand-window {HAND_WINDOW}"))
            .start();
        Self { server, scratch, _service: service, _module: module }
    }

    /// Where the plugin answers how things stand.
    pub(crate) fn socket(&self) -> PathBuf {
        self.scratch.join("socket")
    }

    /// OpenVPN's files for verdicts.
    pub(crate) fn tmp_dir(&self) -> PathBuf {
        self.server.config_file().with_file_name("tmp")
    }
}
