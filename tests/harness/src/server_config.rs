//! A test server with the plugin under test: what authors' servers can be, and what our own tests need besides.

use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use ovpn_plugin_test::netns::NetNs;
use ovpn_plugin_test::{Daemon, FailedStart, Place};

use crate::pids_cgroup::PidsCgroup;
use crate::server::Server;
use crate::{PamService, command, plugin};

/// A server to be started; without any setting it runs as root, in the foreground, with no plugin.
#[derive(Debug, Default)]
pub struct ServerConfig<'a> {
    base: ovpn_plugin_test::ServerConfig,
    cgroup: PhantomData<&'a PidsCgroup>,
}

/// Settings that are the author's.
macro_rules! settings {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        #[doc = concat!("See [`ovpn_plugin_test::ServerConfig::", stringify!($name), "`].")]
        #[must_use]
        pub fn $name(self, $($arg: $type),*) -> Self {
            Self { base: self.base.$name($($arg),*), ..self }
        }
    )*};
}

impl<'a> ServerConfig<'a> {
    settings! {
        named(name: &str);
        file(path: &Path);
        env(name: &str, value: &str);
        line(line: &str);
        without_line(line: &str);
        dropped();
        readable_by_nobody();
        without_client_certificates();
        chroot();
        daemon(daemon: Daemon);
        dev_log();
        through(words: &[&str]);
        in_netns(netns: &Arc<NetNs>);
        on(place: &impl Place);
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

    /// Starts the server inside a cgroup.
    #[must_use]
    pub fn in_cgroup(self, cgroup: &'a PidsCgroup) -> Self {
        let procs = cgroup.procs_file();
        self.through(&["sh", "-c", r#"echo $$ > "$0" && exec "$@""#, &procs.to_string_lossy()])
    }

    /// Starts the server and waits until it serves; panics with its log if it does not.
    pub fn start(&self) -> Server {
        command::require_root();
        Server::new(self.base.start())
    }

    /// As [`ServerConfig::start`], but that the server does not serve is left to the caller.
    ///
    /// # Errors
    ///
    /// The server has ended, or does not serve in time.
    pub fn try_start(&self) -> Result<Server, FailedStart> {
        command::require_root();
        self.base.try_start().map(Server::new)
    }

    /// Starts the server and waits until it has given up; panics with its log if it serves instead.
    pub fn start_expecting_failure(&self) -> FailedStart {
        command::require_root();
        self.base.start_expecting_failure()
    }
}
