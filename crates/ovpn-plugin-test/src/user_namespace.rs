//! Where network namespaces are made: for root on the machine, for others in a user namespace of their own, in which they
//! are root.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use crate::command::{self, program};
use crate::shared_value::shared_value;

const PATH: &str = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";
const UP: &str = "the namespace is there";

/// Makes room for `ip netns`, and stays until the pipe on its standard input ends: when its owner lets go of it, or is killed.
/// Then everything in the namespaces ends.
const HOLD: &str = r#"
    set -e
    mount -t tmpfs tmpfs "$([ -d /run/netns ] && echo /run/netns || echo /run)"
    mkdir -p /run/netns
    echo the namespace is there
    set +e
    cat > /dev/null
    for name in $(ls /run/netns); do
        ip netns pids "$name" | while read -r pid; do kill -9 "$pid"; done
    done"#;

/// Enters the namespaces that the process $0 holds, and stays in the directory where it is.
const ENTER: &str = r#"
    nsenter=$1
    shift
    of=/proc/$0/ns
    exec "$nsenter" "--user=$of/user" "--mount=$of/mnt" "--net=$of/net" --preserve-credentials \
        sh -c 'cd "$0" && exec "$@"' "$(pwd -P)" "$@""#;

/// All namespaces of this process are made in one; the last of them takes it away.
#[derive(Debug)]
pub(crate) struct UserNamespace {
    /// None for root, who needs no other namespace.
    holder: Option<Child>,
}

impl UserNamespace {
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<UserNamespace>> = Mutex::new(Weak::new());
        shared_value(&SHARED, || Self { holder: (!is_root()).then(start_holder) })
    }

    /// A command that runs a program there, with no signal blocked. Its process id is the program's own.
    pub(crate) fn command(&self, name: &str) -> Command {
        let Some(holder) = &self.holder else { return ovpn_plugin::command(program(name)) };
        let mut command = ovpn_plugin::command("sh");
        command.args(["-c", ENTER, &holder.id().to_string()]).arg(program("nsenter")).arg(program(name));
        command
    }

    /// Runs it to its end; panics if it fails.
    pub(crate) fn run(&self, name: &str, arguments: &[&str]) {
        let output = command::output(self.command(name).args(arguments), name);
        command::succeeded(output, name, arguments);
    }
}

impl Drop for UserNamespace {
    fn drop(&mut self) {
        if let Some(mut holder) = self.holder.take() {
            drop(holder.stdin.take());
            let _ = holder.wait();
        }
    }
}

/// Why namespaces cannot be made, if they cannot.
pub(crate) fn possible() -> Result<(), String> {
    if is_root() {
        return Ok(());
    }
    let output =
        unshare().arg("true").stdin(Stdio::null()).output().map_err(|error| format!("unshare: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

fn unshare() -> Command {
    let mut command = ovpn_plugin::command(program("unshare"));
    command.args(["--user", "--map-root-user", "--mount", "--net"]);
    command
}

fn start_holder() -> Child {
    let mut command = unshare();
    // A group of its own: a signal of the terminal is for its owner, whose end it sees.
    let started = command
        .args(["sh", "-c", HOLD])
        .env("PATH", PATH)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut holder = started.unwrap_or_else(|error| panic!("can not run unshare: {error}"));
    let mut line = String::new();
    let read = holder.stdout.take().map(|output| BufReader::new(output).read_line(&mut line));
    assert!(matches!(read, Some(Ok(_))) && line.trim_end() == UP, "no user namespace: see what unshare said");
    holder
}
