//! A real OpenVPN server in a network namespace of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, chown};

use crate::child_process::ChildProcess;
use crate::client::ClientConfig;
use crate::dev_log::DevLog;
use crate::log::{FullPipe, Line, Log, LogPipe, Mark};
use crate::netns::NetNs;
use crate::person::PersonConfig;
use crate::pki::Pki;
use crate::proc_table::{self, Process};
use crate::quoting::path;
use crate::scratch::Scratch;
use crate::server_config::{Chroot, Daemon, Follower, ServerConfig};
use crate::{PATIENCE, requirements};

/// What the server says when it serves.
pub const READY: &str = "Initialization Sequence Completed";
/// The server's address inside the tunnel.
pub const TUNNEL_ADDRESS: &str = "10.8.0.1";
/// OpenVPN before 2.6 does not know the option. In this form it only warns of that.
pub(crate) const DISABLE_DCO: &str = "setenv opt disable-dco";
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
    running: ChildProcess,
    netns: Arc<NetNs>,
    pipe: LogPipe,
    dev_log: Option<DevLog>,
    daemon: Daemon,
    pid: i32,
    pki: Arc<Pki>,
    config: PathBuf,
    openvpn: PathBuf,
    _scratch: Scratch,
}

impl Server {
    pub(crate) fn start(config: &ServerConfig) -> Self {
        Self::try_start(config)
            .unwrap_or_else(|failed| panic!("the server does not start:\n{}", failed.log.text()))
    }

    pub(crate) fn try_start(config: &ServerConfig) -> Result<Self, FailedStart> {
        let mut server = Self::launch(config);
        // Under a debugger, say, everything is slower.
        let patience = if config.through.is_empty() { PATIENCE } else { 4 * PATIENCE };
        let end = Instant::now() + patience;
        let log = server.log().clone();
        let detaches = server.daemon != Daemon::No;
        let said = log.wait_match(Mark::START, end, |text| {
            text.contains(READY) || (text.contains(ENDED) && !(detaches && text.contains("exit status: 0")))
        });
        if !said.is_some_and(|line| line.text.contains(READY)) {
            return Err(FailedStart { log: server.whole_log() });
        }
        let pid_file = server.pid_file();
        let text =
            fs::read_to_string(&pid_file).unwrap_or_else(|error| panic!("{}: {error}", pid_file.display()));
        server.pid = text.trim().parse().unwrap_or_else(|_| panic!("{}: {text:?}", pid_file.display()));
        Ok(server)
    }

    pub(crate) fn start_expecting_failure(config: &ServerConfig) -> FailedStart {
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

    fn launch(config: &ServerConfig) -> Self {
        requirements::require();
        let netns = config.netns.clone().unwrap_or_else(|| Arc::new(NetNs::new()));
        let (pki, scratch) = (Pki::shared(), Scratch::new());
        let pipe = LogPipe::new(&scratch.join("log"));
        let dev_log = (config.dev_log || config.daemon == Daemon::Syslog).then(DevLog::new);
        for Follower(tell) in &config.followers {
            // A server has its log there only if it writes to syslog.
            let syslog = dev_log.as_ref().filter(|_| config.daemon == Daemon::Syslog);
            let (log, tell) = (syslog.map_or(pipe.log(), DevLog::log), Arc::clone(tell));
            log.follow(move |line| tell(line));
        }
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
        words.push(config.openvpn.to_string_lossy().into_owned());
        let mut command = netns.command(&words.remove(0));
        command.args(words);
        for file in config.file.iter().chain([&path]) {
            command.arg("--config").arg(file);
        }
        command.envs(config.env.iter().map(|(name, value)| (name, value)));
        let running = ChildProcess::spawn(&mut command, &pipe);
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
            openvpn: config.openvpn.clone(),
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

    /// The OpenVPN that runs.
    pub fn openvpn(&self) -> &Path {
        &self.openvpn
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

    /// What was printed and what went to the system log, in one.
    fn whole_log(&self) -> Log {
        let log = Log::default();
        self.full_log().lines().for_each(|line| log.push(line.to_owned()));
        log
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

    /// Sends a signal to OpenVPN.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid), signal)
            .unwrap_or_else(|error| panic!("{signal} to the server: {error}"));
    }

    /// Has the server read its configuration anew and open its plugins again (SIGHUP), and waits until it serves again.
    /// A server that drops root needs [`ServerConfig::readable_by_nobody`] for that.
    pub fn hang_up(&self) {
        self.restart(Signal::SIGHUP);
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

fn text_of(config: &ServerConfig, pki: &Pki, scratch: &Scratch, pipe: &LogPipe) -> String {
    let mut lines = if config.file.is_some() { Vec::new() } else { of_tests(pki) };
    lines.push(format!("writepid {}", path(&scratch.join("pid"))));
    lines.retain(|line| !config.without.contains(line));
    match config.daemon {
        Daemon::No => {}
        Daemon::WithLog => lines.extend(["daemon".to_string(), format!("log {}", path(pipe.path()))]),
        Daemon::Syslog => lines.push("daemon".to_string()),
    }
    if config.chroot == Chroot::Yes {
        lines.push(format!("chroot {}", path(&scratch.join("root"))));
        lines.push("tmp-dir /tmp".to_string());
    } else {
        lines.push(format!("tmp-dir {}", path(&scratch.join("tmp"))));
    }
    lines.extend(config.lines.iter().cloned());
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What servers of tests have, unless they bring a configuration of their own.
fn of_tests(pki: &Pki) -> Vec<String> {
    vec![
        "port 1194".to_string(),
        "proto udp4".to_string(),
        "dev tun".to_string(),
        DISABLE_DCO.to_string(),
        "topology subnet".to_string(),
        "server 10.8.0.0 255.255.255.0".to_string(),
        "dh none".to_string(),
        "verb 4".to_string(),
        "duplicate-cn".to_string(),
        // In 2.6 this spares the pause of one second at every restart.
        "connect-retry 0".to_string(),
        format!("ca {}", path(&pki.path("ca.crt"))),
        format!("cert {}", path(&pki.path("server.crt"))),
        format!("key {}", path(&pki.path("server.key"))),
    ]
}

fn give_to_nobody(scratch: &Scratch, pki: &Pki) {
    let nobody = User::from_name("nobody").ok().flatten().unwrap_or_else(|| panic!("no account nobody"));
    let pid_file = scratch.write("pid", "", 0o644);
    for path in [pid_file, scratch.path().to_path_buf(), pki.path("server.key")] {
        chown(&path, Some(nobody.uid), None)
            .unwrap_or_else(|error| panic!("chown {}: {error}", path.display()));
    }
}
