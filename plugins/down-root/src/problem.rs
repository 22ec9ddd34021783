//! What can be wrong with a program, in words an administrator can act on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use privsep::walk::{Problem, WalkError};

/// Why a program is not run.
#[derive(Debug)]
pub enum ProgramError {
    /// It cannot be looked at.
    Unreachable {
        /// What was looked at.
        path: PathBuf,
        /// What came of it.
        error: io::Error,
    },
    /// Too many links.
    Loop(PathBuf),
    /// A directory, device, socket or pipe.
    NotAFile(PathBuf),
    /// Nobody may execute it.
    NotExecutable(PathBuf),
    /// It lies on a file system that was mounted with `noexec`.
    NoExec(PathBuf),
    /// The kernel does not execute such a file.
    NoProgram(PathBuf),
    /// The interpreter its first line names is none.
    Interpreter {
        /// The script.
        script: PathBuf,
        /// Why.
        error: Box<ProgramError>,
    },
    /// Others than root could change what is run.
    Insecure {
        /// The program.
        program: PathBuf,
        /// How.
        problem: Problem,
        /// The group that may write is one of OpenVPN's, which has given up root.
        by_front: bool,
    },
    /// A link stands where there was none when OpenVPN started.
    Moved(PathBuf),
}

/// Said of a group if OpenVPN, which has given up root, is of it.
pub const OF_FRONT: &str = ", to which OpenVPN belongs";

/// The command that mends it. A directory on the way stays its owner's: the program is copied out of it.
fn remedy(problem: &Problem, program: &Path) -> String {
    let is_above = problem.path() != program && program.starts_with(problem.path());
    if is_above && matches!(problem, Problem::Owner { .. } | Problem::WritableByOthers(_)) {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        return format!(
            "run 'install -o root -g root -m 755 {} /etc/openvpn/{name}' and name that file in the plugin line",
            program.display()
        );
    }
    problem.remedy()
}

impl From<WalkError> for ProgramError {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::Unreachable { path, error } => ProgramError::Unreachable { path, error },
            WalkError::Loop(path) => ProgramError::Loop(path),
        }
    }
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProgramError::Unreachable { path, error } => write!(f, "{}: {error}", path.display()),
            ProgramError::Loop(path) => write!(f, "{}: too many links", path.display()),
            ProgramError::NotAFile(path) => write!(f, "{} is not a regular file", path.display()),
            ProgramError::NotExecutable(path) => {
                write!(f, "{} is not executable (chmod +x)", path.display())
            }
            ProgramError::NoExec(path) => {
                write!(f, "{} is on a file system that is mounted with noexec", path.display())
            }
            ProgramError::NoProgram(path) => write!(
                f,
                "{} is neither a script, with #! and an interpreter as its first line, nor a binary program",
                path.display()
            ),
            ProgramError::Interpreter { script, error } => {
                write!(f, "the interpreter of {}: {error}", script.display())
            }
            ProgramError::Insecure { program, problem, by_front } => write!(
                f,
                "{} is not run as root: {problem}{}; {}, or set insecure-permissions=yes",
                program.display(),
                if *by_front { OF_FRONT } else { "" },
                remedy(problem, program)
            ),
            ProgramError::Moved(path) => {
                write!(f, "{} is reached through a link that was not there at the start", path.display())
            }
        }
    }
}

impl std::error::Error for ProgramError {}
