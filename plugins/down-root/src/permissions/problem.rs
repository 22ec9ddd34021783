//! What can be wrong with a program, as an administrator can act on it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use lines::startup;
use privsep::path_permissions::{Problem, WalkError};

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
    },
    /// A link stands where there was none when OpenVPN started.
    Moved(PathBuf),
}

/// The command that mends it. A directory on the way stays its owner's: the program is copied out of it.
fn remedy(problem: &Problem, program: &Path) -> String {
    let is_above = problem.path() != program && program.starts_with(problem.path());
    if is_above && !matches!(problem, Problem::WritableByList(_)) {
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
            ProgramError::Loop(path) => startup::too_many_links(path.display()).fmt(f),
            ProgramError::NotAFile(path) => startup::not_a_file(path.display()).fmt(f),
            ProgramError::NotExecutable(path) => startup::not_executable(path.display()).fmt(f),
            ProgramError::NoExec(path) => startup::noexec(path.display()).fmt(f),
            ProgramError::NoProgram(path) => startup::no_program(path.display()).fmt(f),
            ProgramError::Interpreter { script, error } => {
                startup::bad_interpreter(script.display(), error).fmt(f)
            }
            ProgramError::Insecure { program, problem } => {
                startup::not_run_as_root(program.display(), problem, &remedy(problem, program)).fmt(f)
            }
            ProgramError::Moved(path) => startup::moved(path.display()).fmt(f),
        }
    }
}

impl std::error::Error for ProgramError {}
