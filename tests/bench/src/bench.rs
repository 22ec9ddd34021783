//! What all rows share: the two plugins, PAM stacks, an account.

use crate::plugin_process::PluginProcess;
use crate::row::Row;
use crate::rows;
pub(crate) use harness::plugin::Side;
use harness::{Account, EtcPamService, ServerConfig, TestModule};
use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

/// As in Debian's common-session, and the limits that its login has.
const DEBIAN_SESSION: &str = "session [default=1] pam_permit.so\nsession requisite pam_deny.so\nsession required pam_permit.so\n\
    session required pam_unix.so\nsession required pam_limits.so\n";

/// The plugins, services and account; services and account are removed again on drop.
pub(crate) struct Bench {
    c: PathBuf,
    ours: PathBuf,
    /// A stack that does nothing.
    pub(crate) permit: EtcPamService,
    /// pam_unix as in the service file we install.
    pub(crate) unix: EtcPamService,
    /// Stacks like these, with a session.
    pub(crate) permit_session: EtcPamService,
    /// The session is that of Debian's common-session.
    pub(crate) unix_session: EtcPamService,
    /// A stack that asks for a code after the password and takes any, in no time.
    pub(crate) asks: EtcPamService,
    /// The same after pam_unix.
    pub(crate) unix_and_asks: EtcPamService,
    /// A stack that takes 0.5 s.
    pub(crate) half_second: EtcPamService,
    /// A stack that takes 0.5 s for users whose names begin with `slow`, and no time for others.
    pub(crate) half_second_for_some: EtcPamService,
    /// A stack that takes 2 s for users whose names begin with `slow`, and no time for others.
    pub(crate) two_seconds: EtcPamService,
    /// The same, and those whose names begin with `wrong` are refused after as much work as a password hash makes.
    pub(crate) slow_and_wrong: EtcPamService,
    /// Whom pam_unix knows.
    pub(crate) account: Account,
    /// Many more, made when they are needed.
    pub(crate) crowd: OnceCell<Vec<Account>>,
    _module: Arc<TestModule>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let module = TestModule::shared();
        Bench {
            c: harness::plugin::c_auth_pam(),
            ours: our_plugin(),
            permit: EtcPamService::new("auth required pam_permit.so\naccount required pam_permit.so\n"),
            unix: EtcPamService::new(
                "auth required pam_unix.so shadow nodelay\naccount required pam_unix.so\n",
            ),
            permit_session: EtcPamService::new(
                "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n",
            ),
            unix_session: EtcPamService::new(&format!(
                "auth required pam_unix.so shadow nodelay\naccount required pam_unix.so\n{DEBIAN_SESSION}"
            )),
            asks: EtcPamService::new(&module.stack(&["auth/password=engine", "auth/ask=Code:"])),
            unix_and_asks: EtcPamService::new(&format!(
                "auth required pam_unix.so shadow nodelay\nauth required {} auth/ask=Code:\naccount required pam_unix.so\n",
                module.path().display()
            )),
            half_second: EtcPamService::new(&module.stack(&["auth/sleep=500"])),
            half_second_for_some: EtcPamService::new(&module.stack(&["auth/slow*:sleep=500"])),
            two_seconds: EtcPamService::new(&module.stack(&["auth/slow*:sleep=2000"])),
            slow_and_wrong: EtcPamService::new(&module.stack(&[
                "auth/slow*:sleep=2000",
                "auth/wrong*:compute=30",
                "auth/wrong*:deny",
            ])),
            account: Account::new("Analytical Engine 1"),
            crowd: OnceCell::new(),
            _module: module,
        }
    }

    pub(crate) fn plugin(&self, side: Side) -> &PathBuf {
        match side {
            Side::C => &self.c,
            Side::Ours => &self.ours,
        }
    }

    /// The words of the `plugin` line after the path; only our plugin knows options.
    pub(crate) fn words(side: Side, options: &str, service: &EtcPamService) -> String {
        match side {
            Side::C => service.name().to_string(),
            Side::Ours => format!("{options} {}", service.name()).trim().to_string(),
        }
    }

    /// A small process with the plugin in it.
    pub(crate) fn plugin_process(&self, side: Side, options: &str, service: &EtcPamService) -> PluginProcess {
        PluginProcess::opened(self.plugin(side), &Bench::words(side, options, service))
    }

    /// A real server with the plugin, which drops to nobody.
    pub(crate) fn server(&self, side: Side, options: &str, service: &EtcPamService) -> ServerConfig<'static> {
        let (path, words) = (self.plugin(side).display(), Bench::words(side, options, service));
        ServerConfig::default().line(&format!("plugin {path} \"{words}\"")).dropped()
    }

    /// Measures the groups this filter wants.
    pub(crate) fn run(&self, filter: &str) -> Vec<Row> {
        let groups = rows::all();
        groups.iter().filter(|group| group.wanted(filter)).flat_map(|group| group.measure(self)).collect()
    }
}

/// In the directory named by `PLUGIN_DIR`, else beside this program, which is built into the same directory.
pub(crate) fn our_plugin() -> PathBuf {
    let directory = std::env::var_os("PLUGIN_DIR").map(PathBuf::from).or_else(|| {
        let own = std::env::current_exe().ok()?;
        own.parent().map(PathBuf::from)
    });
    let path = directory.unwrap_or_default().join("libopenvpn_plugin_auth_pam.so");
    assert!(path.exists(), "{} is missing: run `make build`", path.display());
    path
}
