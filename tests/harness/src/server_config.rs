//! What a test server is to be like: the lines of its configuration and how it is started.

use std::path::Path;
use std::sync::Arc;

use crate::dev_log::DevLog;
use crate::machine::Machine;
use crate::netns::NetNs;
use crate::pids_cgroup::PidsCgroup;
use crate::plugin;
use crate::server::{FailedStart, Server};
use crate::{PamService, command};

/// Whether and how the server goes to the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Daemon {
    /// It stays a child of the test; output is its log.
    No,
    /// `daemon` with `log`: output goes to that file.
    WithLog,
    /// `daemon` alone: messages go to syslog(3), caught by a private /dev/log.
    Syslog,
}

/// Whether the server goes into a chroot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chroot {
    /// No chroot.
    No,
    /// Into an empty directory that holds only `tmp`.
    Yes,
}

/// A server to be started; without any setting it runs as root, in the foreground, with no plugin.
#[derive(Debug)]
pub struct ServerConfig<'a> {
    pub(crate) name: String,
    pub(crate) lines: Vec<String>,
    pub(crate) without: Vec<String>,
    pub(crate) daemon: Daemon,
    pub(crate) chroot: Chroot,
    pub(crate) dropped: bool,
    pub(crate) readable: bool,
    pub(crate) dev_log: bool,
    pub(crate) cgroup: Option<&'a PidsCgroup>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) through: Vec<String>,
    pub(crate) netns: Option<Arc<NetNs>>,
}

impl Default for ServerConfig<'_> {
    fn default() -> Self {
        Self {
            name: "server".to_string(),
            lines: Vec::new(),
            without: Vec::new(),
            daemon: Daemon::No,
            chroot: Chroot::No,
            dropped: false,
            readable: false,
            dev_log: false,
            cgroup: None,
            env: Vec::new(),
            through: Vec::new(),
            netns: None,
        }
    }
}

impl<'a> ServerConfig<'a> {
    /// The configuration file is called so, `server` otherwise, with `.conf` behind it.
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_string();
        self
    }

    /// A server with the plugin under test and this PAM service.
    pub fn auth_pam(service: &PamService) -> Self {
        Self::auth_pam_with("", service, "")
    }

    /// The same with the plugin's options before the service and name/value words after it.
    pub fn auth_pam_with(options: &str, service: &PamService, pairs: &str) -> Self {
        Self::auth_pam_words(&format!("{options} {} {pairs}", service.words()))
    }

    /// The same with exactly these words after the plugin's path.
    pub fn auth_pam_words(words: &str) -> Self {
        Self::default().plugin(words)
    }

    /// Adds a `plugin` line for the plugin under test with these words (blanks separate, `'` quotes).
    #[must_use]
    pub fn plugin(self, words: &str) -> Self {
        self.plugin_file(&plugin::auth_pam(), words)
    }

    /// The same with the plugin in `file`. [`Server::helpers`] does not know those.
    #[must_use]
    pub fn plugin_file(self, file: &Path, words: &str) -> Self {
        self.line(&format!("plugin {} \"{}\"", file.display(), words.trim()))
    }

    /// The same as [`ServerConfig::plugin`] with the words one by one instead of quoted together: OpenVPN passes fewer.
    #[must_use]
    pub fn plugin_single_words(self, words: &str) -> Self {
        let path = plugin::auth_pam();
        self.line(&format!("plugin {} {words}", path.display()))
    }

    /// Sets a variable in the environment OpenVPN is started with.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_string(), value.to_string()));
        self
    }

    /// Adds a line to the configuration.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_string());
        self
    }

    /// `setenv deferred_auth_pam 1`.
    #[must_use]
    pub fn deferred(self) -> Self {
        self.line("setenv deferred_auth_pam 1")
    }

    /// The same where `deferred`.
    #[must_use]
    pub fn deferred_if(self, deferred: bool) -> Self {
        if deferred { self.deferred() } else { self }
    }

    /// Leaves a line out that servers of tests have.
    #[must_use]
    pub fn without_line(mut self, line: &str) -> Self {
        self.without.push(line.to_string());
        self
    }

    /// Drops to nobody after the start, as most servers do.
    #[must_use]
    pub fn dropped(mut self) -> Self {
        self.dropped = true;
        self.line("user nobody").line("group nogroup").line("persist-tun").line("persist-key")
    }

    /// Lets nobody read keys, rewrite the pid file and open net/tun, so that a dropped server survives SIGHUP.
    #[must_use]
    pub fn readable_by_nobody(mut self) -> Self {
        self.readable = true;
        self.dev_log()
    }

    /// `verify-client-cert none`.
    #[must_use]
    pub fn without_client_certificates(self) -> Self {
        self.line("verify-client-cert none").line("username-as-common-name")
    }

    /// Goes into a chroot.
    #[must_use]
    pub fn chroot(mut self) -> Self {
        self.chroot = Chroot::Yes;
        self
    }

    /// Goes to the background.
    #[must_use]
    pub fn daemon(mut self, daemon: Daemon) -> Self {
        self.daemon = daemon;
        self
    }

    /// Gives the server a private /dev/log; see [`Server::syslog`].
    #[must_use]
    pub fn dev_log(mut self) -> Self {
        self.dev_log = true;
        self
    }

    /// Starts the server inside a cgroup.
    #[must_use]
    pub fn in_cgroup(mut self, cgroup: &'a PidsCgroup) -> Self {
        self.cgroup = Some(cgroup);
        self
    }

    /// Starts the server through a program that ends by running its last arguments (prlimit, setpriv ...).
    #[must_use]
    pub fn through(mut self, words: &[&str]) -> Self {
        self.through.extend(words.iter().copied().map(String::from));
        self
    }

    /// Runs the server in this network namespace.
    #[must_use]
    pub fn in_netns(mut self, netns: &Arc<NetNs>) -> Self {
        self.netns = Some(Arc::clone(netns));
        self
    }

    /// Runs the server on this machine, with its files, system log and network.
    #[must_use]
    pub fn on(mut self, machine: &Machine) -> Self {
        self.netns = Some(Arc::clone(machine.netns()));
        self.through.extend(machine.wrapper());
        self
    }

    /// Starts the server and waits until it serves; panics with its log if it does not.
    pub fn start(&self) -> Server {
        Server::start(self)
    }

    /// Starts the server and waits until it has given up; panics with its log if it serves instead.
    pub fn start_expecting_failure(&self) -> FailedStart {
        Server::start_expecting_failure(self)
    }

    /// The words before `openvpn` on the command line.
    pub(crate) fn wrapper(&self, dev_log: Option<&DevLog>) -> Vec<String> {
        command::require_root();
        let mut words = Vec::new();
        if let Some(cgroup) = self.cgroup {
            let script = r#"echo $$ > "$0" && exec "$@""#;
            words.extend(["sh", "-c", script].map(String::from));
            words.push(cgroup.procs_file().to_string_lossy().into_owned());
        }
        words.extend(dev_log.map(DevLog::wrapper).unwrap_or_default());
        words.extend(self.through.iter().cloned());
        words
    }
}
