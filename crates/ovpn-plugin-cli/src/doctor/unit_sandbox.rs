//! Enters the sandbox of a unit: the files that its server sees, and what it may do. A script in /home may not exist there.

use std::ffi::OsString;
use std::fs::File;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::Command;

use nix::sched::{CloneFlags, setns};

use super::systemd_unit::Unit;

/// What a unit may hide or take away, which systemd-run can do as well.
const SANDBOX: [&str; 26] = [
    "AmbientCapabilities",
    "BindPaths",
    "BindReadOnlyPaths",
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
    "SupplementaryGroups",
    "SystemCallFilter",
    "TasksMax",
    "TemporaryFileSystem",
    "User",
    "WorkingDirectory",
];
/// Tells the command that it runs in the unit's sandbox already.
const ENTERED: &str = "--entered";
/// Added to the exit status there, so that systemd-run's own failures are not taken for it.
const FROM_THERE: u8 = 64;
/// The highest of this command's own.
const HIGHEST: i32 = 4;

/// What to end with in the unit's sandbox to end with `status` outside.
pub(crate) fn from_there(status: u8) -> u8 {
    FROM_THERE + status
}

/// What comes of going into a unit's sandbox.
pub(crate) enum Entered {
    /// This process is there.
    Here,
    /// Another one was there, and has ended with this status.
    Done(u8),
}

/// Goes into the unit's sandbox. If its server runs, that is the server's view of the file systems. If not, this command is
/// started anew by systemd-run, with what the unit hides and takes away.
///
/// # Errors
/// If neither can be done.
pub(crate) fn enter(unit: &Unit) -> Result<Entered, String> {
    match unit.main_pid {
        Some(pid) => {
            join(pid).map_err(|error| format!("cannot enter the mounts of {}: {error}", unit.name))?
        }
        None => return start_anew(unit).map(Entered::Done),
    }
    go_to_its_directory(unit)?;
    Ok(Entered::Here)
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

fn start_anew(unit: &Unit) -> Result<u8, String> {
    let shown = Command::new("systemctl")
        .args(["show", "--property", &SANDBOX.join(","), "--", &unit.name])
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let (shown, program) = match (shown, std::env::current_exe()) {
        (Ok(shown), Ok(program)) => (shown, program),
        (Err(error), _) | (_, Err(error)) => return Err(format!("the properties of {}: {error}", unit.name)),
    };
    let name = &unit.name;
    let status = Command::new("systemd-run")
        .args(words(&shown, program))
        .status()
        .map_err(|error| format!("{name} does not run, and systemd-run cannot be run: {error}"))?;
    outside(status.code()).ok_or_else(|| {
        format!(
            "{name} does not run, and systemd-run could not start this command with its restrictions: it ended with {status}"
        )
    })
}

/// The exit status of the command that systemd-run has started, if it came that far.
fn outside(status: Option<i32>) -> Option<u8> {
    let own = status?.checked_sub(FROM_THERE.into()).filter(|own| (0..=HIGHEST).contains(own))?;
    u8::try_from(own).ok()
}

/// What systemd-run is given: the properties, and this command with all its words.
fn words(shown: &str, program: PathBuf) -> Vec<OsString> {
    // A terminal would make one of output and errors, and other line ends: not where a program reads them.
    let terminal =
        if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() { "--pty" } else { "--pipe" };
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
    fn failures_of_systemd_run_are_no_exit_status_of_the_command() {
        for own in 0..=4 {
            assert_eq!(outside(Some(from_there(own).into())), Some(own));
        }
        for status in [None, Some(0), Some(1), Some(63), Some(69), Some(203), Some(255)] {
            assert_eq!(outside(status), None);
        }
    }

    #[test]
    fn what_a_unit_does_not_say_is_left_out() {
        let shown = "ProtectHome=yes\nUser=\nPrivateDevices=no\nMemoryMax=infinity\nReadWritePaths=/a /b\nTasksMax=[not set]\n";
        assert_eq!(properties(shown), ["ProtectHome=yes", "MemoryMax=infinity", "ReadWritePaths=/a /b"]);
    }
}
