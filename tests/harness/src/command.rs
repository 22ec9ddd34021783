//! Short-lived tools (useradd, cc ...), and what they need.

use std::io::Write;
use std::process::{Command, Stdio};

pub use ovpn_plugin_test::command::{find, run, try_run};

/// Panics with one clear line unless this process is root.
pub fn require_root() {
    assert!(
        nix::unistd::geteuid().is_root(),
        "this test needs root: it makes network namespaces and starts a real OpenVPN server"
    );
}

/// As [`run`], with `input` on standard input.
pub fn run_with_input(program: &str, arguments: &[&str], input: &str) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("can not run {program}: {error} (see tests/install-deps)"));
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap_or_else(|error| panic!("waiting for {program}: {error}"));
    assert!(
        output.status.success() && matches!(written, Some(Ok(()))),
        "{program} {} failed ({}): {}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
}

/// Hides from `command` that the tests were started by a make, and with which variables: a make it runs is one of its own.
pub fn away_from_make(command: &mut Command) -> &mut Command {
    for name in [
        "MAKEFLAGS",
        "MAKEOVERRIDES",
        "MFLAGS",
        "MAKELEVEL",
        "PREFIX",
        "PLUGINDIR",
        "PAMDIR",
        "BINDIR",
        "MANDIR",
        "DOCDIR",
        "DEVDIR",
        "PLUGINMODE",
        "INSTALL_EXAMPLES",
        "INSTALL_DEV",
        "DESTDIR",
        "CARGO",
    ] {
        command.env_remove(name);
    }
    command
}
