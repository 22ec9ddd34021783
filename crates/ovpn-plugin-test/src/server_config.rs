//! What a test server is to be like: the lines of its configuration and how it is started.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::client::Place;
use crate::command::program;
use crate::dev_log::DevLog;
use crate::log::Line;
use crate::netns::NetNs;
use crate::quoting::plugin_line;
use crate::server::{FailedStart, Server};

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

/// What each line of the server's log is passed to.
#[derive(Clone)]
pub(crate) struct Follower(pub(crate) Arc<dyn Fn(&Line) + Send + Sync>);

impl fmt::Debug for Follower {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Follower")
    }
}

/// A server to be started; without any setting it runs as root, in the foreground, with no plugin.
///
/// It has the network 10.8.0.0/24, certificates of its own, and wants one of its clients too; these have one.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    pub(crate) name: String,
    pub(crate) file: Option<PathBuf>,
    pub(crate) openvpn: PathBuf,
    pub(crate) lines: Vec<String>,
    pub(crate) without: Vec<String>,
    pub(crate) daemon: Daemon,
    pub(crate) chroot: Chroot,
    pub(crate) readable: bool,
    pub(crate) dev_log: bool,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) through: Vec<String>,
    pub(crate) netns: Option<Arc<NetNs>>,
    pub(crate) followers: Vec<Follower>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerConfig {
    /// A server without a plugin.
    pub fn new() -> Self {
        Self {
            name: "server".to_string(),
            file: None,
            openvpn: program("openvpn"),
            lines: Vec::new(),
            without: Vec::new(),
            daemon: Daemon::No,
            chroot: Chroot::No,
            readable: false,
            dev_log: false,
            env: Vec::new(),
            through: Vec::new(),
            netns: None,
            followers: Vec::new(),
        }
    }

    /// The configuration file is called so, `server` otherwise, with `.conf` behind it.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_string();
        self
    }

    /// Runs the configuration in this file, as it is. Lines of [`ServerConfig::line`] come after it. What clients need of it, as
    /// port 1194 and the certificates of the tests, is up to its author.
    #[doc(hidden)]
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Runs this OpenVPN instead of the installed one; clients do too, unless they have one of their own.
    #[must_use]
    pub fn openvpn(mut self, file: impl Into<PathBuf>) -> Self {
        self.openvpn = file.into();
        self
    }

    /// Adds a `plugin` line with exactly these words; see [`ServerConfig::line`] for one in another form.
    #[must_use]
    pub fn plugin(self, file: &Path, words: &[&str]) -> Self {
        self.line(&plugin_line(file, words))
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

    /// Leaves a line out that servers of tests have.
    #[must_use]
    pub fn without_line(mut self, line: &str) -> Self {
        self.without.push(line.to_string());
        self
    }

    /// Drops to nobody after the start, as most servers do. For root only: a user namespace has no user nobody.
    #[must_use]
    pub fn dropped(self) -> Self {
        self.line("user nobody").line("group nogroup").line("persist-tun").line("persist-key")
    }

    /// Lets nobody read keys, rewrite the pid file and open net/tun, so that a dropped server survives SIGHUP.
    #[must_use]
    pub fn readable_by_nobody(mut self) -> Self {
        self.readable = true;
        self.dev_log()
    }

    /// `verify-client-cert none` and `username-as-common-name`.
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

    /// Goes to the background. [`Daemon::Syslog`] is for root only.
    #[must_use]
    pub fn daemon(mut self, daemon: Daemon) -> Self {
        self.daemon = daemon;
        self
    }

    /// Gives the server a private /dev/log; see [`Server::syslog`]. For root only.
    #[must_use]
    pub fn dev_log(mut self) -> Self {
        self.dev_log = true;
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

    /// Runs the server in this place, with its files and network.
    #[must_use]
    pub fn on(mut self, place: &impl Place) -> Self {
        self.netns = Some(Arc::clone(place.netns()));
        self.through.extend(place.wrapper());
        self
    }

    /// Calls `tell` with each line of the server's log as it comes; as [`Log::follow`](crate::Log::follow).
    #[must_use]
    pub fn follow(mut self, tell: impl Fn(&Line) + Send + Sync + 'static) -> Self {
        self.followers.push(Follower(Arc::new(tell)));
        self
    }

    /// Starts the server and waits until it serves; panics with its log if it does not.
    pub fn start(&self) -> Server {
        Server::start(self)
    }

    /// As [`ServerConfig::start`], but that the server does not serve is left to the caller.
    ///
    /// # Errors
    ///
    /// The server has ended, or does not serve within [`PATIENCE`](crate::PATIENCE).
    pub fn try_start(&self) -> Result<Server, FailedStart> {
        Server::try_start(self)
    }

    /// Starts the server and waits until it has given up; panics with its log if it serves instead.
    pub fn start_expecting_failure(&self) -> FailedStart {
        Server::start_expecting_failure(self)
    }

    /// The words before `openvpn` on the command line.
    pub(crate) fn wrapper(&self, dev_log: Option<&DevLog>) -> Vec<String> {
        let mut words = dev_log.map(DevLog::wrapper).unwrap_or_default();
        words.extend(self.through.iter().cloned());
        words
    }
}
