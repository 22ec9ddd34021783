//! Short-lived tools (ip, openssl ...): run to the end, and panic with what they said when they fail.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where the system's programs are, also where PATH names these directories for root only.
const SYSTEM: [&str; 5] = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// The file of a program; nothing if there is none. A path is taken as it is.
pub fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(program.into()).filter(|file: &PathBuf| file.is_file());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    places(&path).map(|place| place.join(program)).find(|file| file.is_file())
}

/// Not the directory that somebody is in, whose files may be anybody's: an empty part of PATH stands for it, too.
fn places(path: &OsStr) -> impl Iterator<Item = PathBuf> {
    std::env::split_paths(path).filter(|place| place.is_absolute()).chain(SYSTEM.map(PathBuf::from))
}

/// The program's file, or its name where there is none: then starting it says so.
pub(crate) fn program(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| Path::new(name).to_path_buf())
}

/// Runs `program` with `arguments` and returns its output; panics if it can not be run or fails.
pub fn run(program: &str, arguments: &[&str]) -> Output {
    succeeded(try_run(program, arguments), program, arguments)
}

/// As [`run`], but a failure of the program is left to the caller.
pub fn try_run(name: &str, arguments: &[&str]) -> Output {
    output(Command::new(program(name)).args(arguments), name)
}

pub(crate) fn output(command: &mut Command, name: &str) -> Output {
    command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("can not run {name}: {error}; is it installed?"))
}

pub(crate) fn succeeded(output: Output, program: &str, arguments: &[&str]) -> Output {
    assert!(
        output.status.success(),
        "{program} {} failed ({}): {}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_not_looked_for_where_somebody_is() {
        let found: Vec<PathBuf> = places(OsStr::new(":/opt/x:.:bin:/y:")).collect();
        let expected: Vec<PathBuf> = ["/opt/x", "/y"].into_iter().chain(SYSTEM).map(PathBuf::from).collect();
        assert_eq!(found, expected);
    }
}
