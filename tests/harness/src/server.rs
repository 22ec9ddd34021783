//! A real OpenVPN server in a network namespace of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, chown};

use crate::client::ClientConfig;
use crate::dev_log::DevLog;
use crate::log::{FullPipe, Line, Log, LogPipe, Mark};
use crate::netns::NetNs;
use crate::person::PersonConfig;
use crate::pki::Pki;
use crate::proc_table::{self, Process};
use crate::running::Running;
use crate::scratch::Scratch;
use crate::server_config::{Chroot, Daemon, ServerConfig};
use crate::{PATIENCE, plugin};

/// What the server says when it serves.
pub const READY: &str = "Initialization Sequence Completed";
/// The server's address inside the tunnel.
pub const TUNNEL_ADDRESS: &str = "10.8.0.1";
const ENDED: &str = "[ended: ";

/// What is left of a server that refused to start.
#[derive(Debug)]
pub struct FailedStart {
    /// Its log.
    pub log: Log,
}

/// A running server; on drop it is stopped, and what it left in its namespace is killed.
///
/// The order of the fields is the order in which they go.
#[derive(Debug)]
pub struct Server {
    running: Running,
    netns: Arc<NetNs>,
    pipe: LogPipe,
    dev_log: Option<DevLog>,
    daemon: Daemon,
    pid: i32,
    pki: Arc<Pki>,
    config: PathBuf,
    _scratch: Scratch,
}

impl Server {
    pub(crate) fn start(config: &ServerConfig<'_>) -> Self {
        let mut server = Self::launch(config);
        let end = Instant::now() + PATIENCE;
        let log = server.log().clone();
        let detaches = config.daemon != Daemon::No;
        let said = log.wait_match(Mark::START, end, |text| {
            text.contains(READY) || (text.contains(ENDED) && !(detaches && text.contains("exit status: 0")))
        });
        assert!(
            said.is_some_and(|line| line.text.contains(READY)),
            "the server does not start:\n{}",
            server.full_log()
        );
        let pid_file = server.pid_file();
        let text =
            fs::read_to_string(&pid_file).unwrap_or_else(|error| panic!("{}: {error}", pid_file.display()));
        server.pid = text.trim().parse().unwrap_or_else(|_| panic!("{}: {text:?}", pid_file.display()));
        server
    }

    pub(crate) fn start_expecting_failure(config: &ServerConfig<'_>) -> FailedStart {
        assert_eq!(config.daemon, Daemon::No, "a daemon's failure is not awaited");
        let server = Self::launch(config);
        let end = Instant::now() + PATIENCE;
        let said =
            server.log().wait_match(Mark::START, end, |text| text.contains(READY) || text.contains(ENDED));
        assert!(
            said.is_some_and(|line| line.text.contains(ENDED) && !line.text.contains("exit status: 0")),
            "the server should have refused to start:\n{}",
            server.log().text()
        );
        FailedStart { log: server.log().clone() }
    }

    fn launch(config: &ServerConfig<'_>) -> Self {
        let netns = config.netns.clone().unwrap_or_else(|| Arc::new(NetNs::new()));
        let (pki, scratch) = (Pki::shared(), Scratch::new());
        let pipe = LogPipe::new(&scratch.join("log"));
        let dev_log = (config.dev_log || config.daemon == Daemon::Syslog).then(DevLog::new);
        // OpenVPN makes its files for a login there; when it is killed they stay.
        scratch.directory("tmp", 0o1777);
        if config.chroot == Chroot::Yes {
            scratch.directory("root", 0o755);
            scratch.directory("root/tmp", 0o1777);
        }
        let path =
            scratch.write(&format!("{}.conf", config.name), &text_of(config, &pki, &scratch, &pipe), 0o644);
        if config.readable {
            give_to_nobody(&scratch, &pki);
        }
        let mut words = config.wrapper(dev_log.as_ref());
        words.push("openvpn".to_string());
        let mut command = netns.command(&words.remove(0));
        command.args(words).arg("--config").arg(&path);
        command.envs(config.env.iter().map(|(name, value)| (name, value)));
        let running = Running::spawn(&mut command, &pipe);
        let pid = running.pid();
        Self {
            running,
            netns,
            pipe,
            dev_log,
            daemon: config.daemon,
            pid,
            pki,
            config: path,
            _scratch: scratch,
        }
    }

    fn pid_file(&self) -> PathBuf {
        self._scratch.join("pid")
    }

    /// Its configuration.
    pub fn config_file(&self) -> &Path {
        &self.config
    }

    /// The server's log, wherever it goes to.
    pub fn log(&self) -> &Log {
        match (&self.dev_log, self.daemon) {
            (Some(dev_log), Daemon::Syslog) => dev_log.log(),
            _ => self.pipe.log(),
        }
    }

    /// The file OpenVPN logs to with [`Daemon::WithLog`].
    pub fn log_file(&self) -> &Path {
        self.pipe.path()
    }

    /// What arrived at the private /dev/log; panics if the server has none.
    pub fn syslog(&self) -> &Log {
        self.dev_log
            .as_ref()
            .map(DevLog::log)
            .unwrap_or_else(|| panic!("this server has no private /dev/log"))
    }

    fn full_log(&self) -> String {
        let syslog = self.dev_log.as_ref().map(|dev_log| dev_log.log().text()).unwrap_or_default();
        format!("{}{syslog}", self.pipe.log().text())
    }

    /// Nobody reads what the server prints, as long as what this returns lives, and the pipe is full.
    pub fn fill_log(&self) -> FullPipe<'_> {
        self.pipe.fill()
    }

    /// The end of the log as it is now.
    pub fn mark(&self) -> Mark {
        self.log().mark()
    }

    /// Waits for a log line after `mark` that contains `pattern`; panics with the log when none comes.
    pub fn wait_for(&self, mark: Mark, pattern: &str) -> Line {
        self.log().wait_for(mark, pattern, PATIENCE)
    }

    /// Process id of OpenVPN.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether OpenVPN still runs.
    pub fn is_alive(&self) -> bool {
        Process::look(self.pid).is_some_and(|process| !process.is_zombie())
    }

    /// The namespace it serves in; clients reach it there at 127.0.0.1.
    pub fn netns(&self) -> &Arc<NetNs> {
        &self.netns
    }

    pub(crate) fn pki(&self) -> &Arc<Pki> {
        &self.pki
    }

    /// The processes other than OpenVPN that have the plugin under test loaded, oldest first.
    pub fn helpers(&self) -> Vec<Process> {
        let path = plugin::auth_pam();
        let mut found = self.netns.processes();
        found.retain(|process| process.pid != self.pid && process.maps(&path));
        found.sort_by_key(|process| process.pid);
        found
    }

    /// The plugin's process that waits for the supervisor; panics if there is not exactly one.
    pub fn keeper(&self) -> Process {
        let mut found = self.netns.processes();
        found.retain(|process| process.name == "auth-pam-keeper");
        // A helper or worker that was just forked still has its parent's name.
        let pids: Vec<i32> = found.iter().map(|process| process.pid).collect();
        found.retain(|process| !pids.contains(&process.parent));
        match <[Process; 1]>::try_from(found) {
            Ok([one]) => one,
            Err(others) => panic!("not exactly one keeper: {others:?}"),
        }
    }

    /// Kills the supervisor and waits for the one that takes its place.
    pub fn replace_supervisor(&self) -> Process {
        let old = self.supervisor();
        proc_table::kill9(old.pid);
        let mut next = None;
        let there = || {
            let mut found = self.netns.processes().into_iter();
            next =
                found.find(|it| it.name == "auth-pam-super" && it.pid != old.pid && it.parent == old.parent);
            next.is_some()
        };
        assert!(proc_table::wait_until(PATIENCE, there), "nobody takes its place:\n{}", self.full_log());
        next.unwrap_or(old)
    }

    /// The plugin's process that hands out work; panics if there is not exactly one.
    pub fn supervisor(&self) -> Process {
        let mut found = self.helpers();
        found.retain(|process| process.name == "auth-pam-super");
        match <[Process; 1]>::try_from(found) {
            Ok([one]) => one,
            Err(others) => panic!("not exactly one supervisor: {others:?}"),
        }
    }

    /// The plugin's processes that run PAM.
    pub fn workers(&self) -> Vec<Process> {
        let mut found = self.helpers();
        found.retain(|process| process.name == "auth-pam-worker");
        found
    }

    /// Sends a signal to OpenVPN.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid), signal)
            .unwrap_or_else(|error| panic!("{signal} to the server: {error}"));
    }

    /// Sends SIGHUP or SIGUSR1 and waits until the server serves again.
    pub fn restart(&self, signal: Signal) {
        let mark = self.mark();
        self.signal(signal);
        let end = Instant::now() + PATIENCE;
        // A daemon's end is not seen; what is, is that of the process it detached from.
        let attached = self.daemon == Daemon::No;
        let said = self
            .log()
            .wait_match(mark, end, |text| text.contains(READY) || (attached && text.contains(ENDED)));
        assert!(
            said.is_some_and(|line| line.text.contains(READY)),
            "the server does not come back after {signal}:\n{}",
            self.full_log()
        );
    }

    /// Sends SIGTERM and waits for the end; returns how long that took, panics if it is not the end.
    pub fn stop(&self) -> Duration {
        let asked = Instant::now();
        self.signal(Signal::SIGTERM);
        assert!(
            proc_table::wait_gone(self.pid, PATIENCE),
            "SIGTERM does not end the server:\n{}",
            self.full_log()
        );
        asked.elapsed()
    }

    /// Sends SIGKILL and waits for the end.
    pub fn kill9(&self) {
        proc_table::kill9(self.pid);
        assert!(proc_table::wait_gone(self.pid, PATIENCE), "SIGKILL does not end the server");
    }

    /// Somebody at a client of this server, to be started.
    pub fn person(&self, user: &str, password: &str) -> PersonConfig<'_> {
        PersonConfig::new(self, user, password)
    }

    /// A client of this server, to be started, that sends nothing but a certificate with this common name.
    pub fn client_by_certificate(&self, common_name: &str) -> ClientConfig<'_> {
        self.pki.client_certificate(common_name);
        self.client(common_name, "").with_certificate_of(common_name).without_login()
    }

    /// A client of this server, to be started.
    pub fn client(&self, user: &str, password: &str) -> ClientConfig<'_> {
        ClientConfig::new(self, user, password)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.daemon != Daemon::No && self.pid != self.running.pid() && self.is_alive() {
            let _ = kill(Pid::from_raw(self.pid), Signal::SIGTERM);
            proc_table::wait_gone(self.pid, Duration::from_secs(3));
        }
        self.running.stop(Duration::from_secs(3));
        if std::thread::panicking() {
            eprintln!("--- log of the server ---\n{}", self.full_log());
        }
    }
}

fn text_of(config: &ServerConfig<'_>, pki: &Pki, scratch: &Scratch, pipe: &LogPipe) -> String {
    let mut lines = vec![
        "port 1194".to_string(),
        "proto udp4".to_string(),
        "dev tun".to_string(),
        "disable-dco".to_string(),
        "topology subnet".to_string(),
        "server 10.8.0.0 255.255.255.0".to_string(),
        "dh none".to_string(),
        "verb 4".to_string(),
        "duplicate-cn".to_string(),
        // In 2.6 this spares the pause of one second at every restart.
        "connect-retry 0".to_string(),
        format!("ca {}", pki.path("ca.crt").display()),
        format!("cert {}", pki.path("server.crt").display()),
        format!("key {}", pki.path("server.key").display()),
        format!("writepid {}", scratch.join("pid").display()),
    ];
    lines.retain(|line| !config.without.contains(line));
    match config.daemon {
        Daemon::No => {}
        Daemon::WithLog => lines.extend(["daemon".to_string(), format!("log {}", pipe.path().display())]),
        Daemon::Syslog => lines.push("daemon".to_string()),
    }
    if config.chroot == Chroot::Yes {
        lines.push(format!("chroot {}", scratch.join("root").display()));
        lines.push("tmp-dir /tmp".to_string());
    } else {
        lines.push(format!("tmp-dir {}", scratch.join("tmp").display()));
    }
    lines.extend(config.lines.iter().cloned());
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn give_to_nobody(scratch: &Scratch, pki: &Pki) {
    let nobody = User::from_name("nobody").ok().flatten().unwrap_or_else(|| panic!("no account nobody"));
    let pid_file = scratch.write("pid", "", 0o644);
    for path in [pid_file, scratch.path().to_path_buf(), pki.path("server.key")] {
        chown(&path, Some(nobody.uid), None)
            .unwrap_or_else(|error| panic!("chown {}: {error}", path.display()));
    }
}
