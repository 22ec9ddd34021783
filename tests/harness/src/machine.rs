//! A machine of the test's own, as far as files, system log and network go: /etc, /home, /var and /usr/lib can be
//! written to, accounts made and daemons started in it, and nothing of that reaches the real one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use ovpn_plugin_test::Place;

use crate::PATIENCE;
use crate::child_process::ChildProcess;
use crate::dev_log::DevLog;
use crate::log::{Log, LogPipe, Mark};
use crate::netns::NetNs;
use crate::scratch::Scratch;

/// Lays a writable layer over each directory; /run is empty at the start, as after a boot. /etc is a copy: who changes
/// accounts on the real machine at the same time would be seen through a layer, with the locks that useradd makes there.
/// Such a lock may go while it is copied; then all is copied again.
const SETUP: &str = r#"
    set -e
    mount -t tmpfs -o mode=755 tmpfs "$0"
    for try in 1 2 3 4 5 6 7 8 9; do cp -a /etc "$0/etc" && break; rm -rf "$0/etc"; done
    [ -d "$0/etc" ]
    rm -f "$0"/etc/*.lock
    mount --bind "$0/etc" /etc
    for name in home var usr/lib; do
        mkdir -p "$0/$name/layer" "$0/$name/work"
        mount -t overlay -o "lowerdir=/$name,upperdir=$0/$name/layer,workdir=$0/$name/work" overlay "/$name"
    done
    mount -t tmpfs -o mode=755 tmpfs /run
    echo the machine is up
    exec sleep infinity"#;

/// The namespaces; they and what runs in them go on drop.
///
/// The order of the fields is the order in which they go.
#[derive(Debug)]
pub struct Machine {
    holder: ChildProcess,
    netns: Arc<NetNs>,
    dev_log: DevLog,
    pipe: LogPipe,
    _scratch: Scratch,
}

/// A program that runs in a [`Machine`] until this is dropped.
#[derive(Debug)]
pub struct MachineDaemon {
    /// The process.
    pub running: ChildProcess,
    pipe: LogPipe,
    _scratch: Scratch,
}

impl Machine {
    /// Sets one up in a network namespace of its own.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self::in_netns(Arc::new(NetNs::new()))
    }

    /// Sets one up in this network namespace: another machine's, to have two with the same network.
    pub fn in_netns(netns: Arc<NetNs>) -> Self {
        let (scratch, dev_log) = (Scratch::new(), DevLog::new());
        let pipe = LogPipe::new(&scratch.join("log"));
        let mut words = dev_log.wrapper();
        words.extend(["sh", "-c", SETUP].map(String::from));
        words.push(scratch.directory("layers", 0o755).to_string_lossy().into_owned());
        let holder = ChildProcess::spawn(netns.command(&words.remove(0)).args(words), &pipe);
        pipe.log().wait_for(Mark::START, "the machine is up", PATIENCE);
        Self { holder, netns, dev_log, pipe, _scratch: scratch }
    }

    /// Its network.
    pub fn netns(&self) -> &Arc<NetNs> {
        &self.netns
    }

    /// What was sent to its system log.
    pub fn syslog(&self) -> &Log {
        self.dev_log.log()
    }

    /// A command that runs `program` on this machine.
    pub fn command(&self, program: &str) -> Command {
        let mut words = self.wrapper();
        words.push(program.to_string());
        let mut command = self.netns.command(&words.remove(0));
        command.args(words);
        command
    }

    /// Runs a shell script on this machine; panics with what it said when it fails.
    pub fn run(&self, script: &str) -> Output {
        let output = self.try_run(script);
        let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
        assert!(output.status.success(), "{script}\nfailed ({}): {said}", output.status);
        output
    }

    /// As [`Machine::run`], but a failure is left to the caller.
    pub fn try_run(&self, script: &str) -> Output {
        let mut command = self.command("sh");
        command.args(["-ec", script]).stdin(Stdio::null());
        command.output().unwrap_or_else(|error| panic!("can not run sh: {error}"))
    }

    /// The path under which the test itself reaches the file `path` of this machine.
    pub fn path(&self, path: &str) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.holder.pid())).join(path.trim_start_matches('/'))
    }

    /// Writes a file of root's; directories that are missing are made.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>, mode: u32) {
        let file = self.path(path);
        let made = file.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&file, text))
            .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(mode)))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Starts a program that stays, with its output in a log.
    pub fn start(&self, program: &str, arguments: &[&str]) -> MachineDaemon {
        let scratch = Scratch::new();
        let pipe = LogPipe::new(&scratch.join("log"));
        let running = ChildProcess::spawn(self.command(program).args(arguments), &pipe);
        MachineDaemon { running, pipe, _scratch: scratch }
    }
}

impl Place for Machine {
    fn wrapper(&self) -> Vec<String> {
        let of_holder = |option, file| format!("--{option}=/proc/{}/{file}", self.holder.pid());
        // The root directory too: that of a namespace is not where a test in a chroot is.
        vec![
            "nsenter".into(),
            of_holder("mount", "ns/mnt"),
            of_holder("root", "root"),
            of_holder("wd", "root"),
        ]
    }

    fn netns(&self) -> &Arc<NetNs> {
        &self.netns
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- system log of a machine ---\n{}{}", self.pipe.log().text(), self.syslog().text());
        }
    }
}

impl MachineDaemon {
    /// What it printed.
    pub fn log(&self) -> &Log {
        self.pipe.log()
    }
}

impl Drop for MachineDaemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- output of a daemon ---\n{}", self.log().text());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_on_a_machine_stays_there() {
        let machine = Machine::new();
        machine.run("useradd --create-home alice; logger -p auth.notice -t test told");
        machine.write("/etc/pam.d/new/one", "text", 0o640);
        assert_eq!(machine.run("stat -c %a /etc/pam.d/new/one").stdout, b"640\n");
        assert!(machine.path("/home/alice").is_dir());
        machine.syslog().wait_for(Mark::START, "test: told", PATIENCE);

        let other = Machine::new();
        assert!(!other.try_run("id alice").status.success());
        for path in ["/home/alice", "/etc/pam.d/new"] {
            assert!(!Path::new(path).exists(), "{path}");
        }
        // Nor the other way round: useradd's locks, for instance.
        let lock = format!("/etc/{}.lock", crate::scratch::unique_name());
        fs::write(&lock, "1").unwrap();
        let seen = machine.path(&lock).exists() || Machine::new().path(&lock).exists();
        fs::remove_file(&lock).unwrap();
        assert!(!seen, "{lock}");

        let daemon = machine.start("sh", &["-c", "echo started; exec sleep 60"]);
        daemon.log().wait_for(Mark::START, "started", PATIENCE);
    }
}
