//! The world of a unit: the files that its server sees, and what it may do. There a script in /home may not exist.

use std::ffi::OsString;
use std::fs::File;
use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use nix::sched::{CloneFlags, setns};

use super::unit::Unit;

/// What a unit may hide or take away, which systemd-run can do as well.
const SANDBOX: [&str; 22] = [
    "AmbientCapabilities",
    "CapabilityBoundingSet",
    "Group",
    "InaccessiblePaths",
    "LimitMEMLOCK",
    "LimitNOFILE",
    "LimitNPROC",
    "MemoryMax",
    "NoExecPaths",
    "NoNewPrivileges",
    "PrivateDevices",
    "PrivateTmp",
    "ProtectHome",
    "ProtectKernelTunables",
    "ProtectSystem",
    "ReadOnlyPaths",
    "ReadWritePaths",
    "RootDirectory",
    "TasksMax",
    "TemporaryFileSystem",
    "User",
    "WorkingDirectory",
];
/// Tells the command that it runs in the unit's world already.
const ENTERED: &str = "--entered";

/// Goes into the unit's world. If its server runs, that is the server's view of the file systems. If not, this command is
/// started anew by systemd-run, with what the unit hides and takes away, and this process never comes back.
///
/// # Errors
/// If neither can be done.
pub(crate) fn enter(unit: &Unit) -> Result<(), String> {
    match unit.main_pid {
        Some(pid) => join(pid).map_err(|error| format!("cannot see what {} sees: {error}", unit.name))?,
        None => return Err(start_anew(unit)),
    }
    go_to_its_directory(unit)
}

/// Relative paths start where they do for the unit's OpenVPN.
pub(crate) fn go_to_its_directory(unit: &Unit) -> Result<(), String> {
    let directory = unit.working_directory();
    std::env::set_current_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))
}

fn join(pid: i32) -> std::io::Result<()> {
    let namespace = File::open(format!("/proc/{pid}/ns/mnt"))?;
    setns(&namespace, CloneFlags::CLONE_NEWNS)?;
    Ok(())
}

/// Only comes back with what went wrong.
fn start_anew(unit: &Unit) -> String {
    let shown = Command::new("systemctl")
        .args(["show", "--property", &SANDBOX.join(","), "--", &unit.name])
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let (shown, program) = match (shown, std::env::current_exe()) {
        (Ok(shown), Ok(program)) => (shown, program),
        (Err(error), _) | (_, Err(error)) => return format!("the properties of {}: {error}", unit.name),
    };
    let error = Command::new("systemd-run").args(words(&shown, program)).exec();
    format!("{} does not run, and systemd-run cannot be run: {error}", unit.name)
}

/// What systemd-run is given: the properties, and this command with all its words.
fn words(shown: &str, program: PathBuf) -> Vec<OsString> {
    let terminal = if std::io::stdin().is_terminal() { "--pty" } else { "--pipe" };
    let mut words: Vec<OsString> =
        ["--quiet", "--wait", "--collect", "--service-type=exec", terminal].map(OsString::from).into();
    words.extend(properties(shown).into_iter().map(|property| format!("--property={property}").into()));
    words.extend(["--".into(), program.into_os_string()]);
    let mut own = std::env::args_os().skip(1);
    words.extend(own.next());
    words.push(ENTERED.into());
    words.extend(own);
    words
}

/// Those that say something.
fn properties(shown: &str) -> Vec<String> {
    let said = |line: &&str| {
        let (_, value) = line.split_once('=').unwrap_or_default();
        !matches!(value, "" | "no" | "[not set]")
    };
    shown.lines().filter(said).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_unit_does_not_say_is_left_out() {
        let shown = "ProtectHome=yes\nUser=\nPrivateDevices=no\nMemoryMax=infinity\nReadWritePaths=/a /b\nTasksMax=[not set]\n";
        assert_eq!(properties(shown), ["ProtectHome=yes", "MemoryMax=infinity", "ReadWritePaths=/a /b"]);
    }
}
