//! What can be wrong with a program, in words an administrator can act on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

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

/// How others than root could change what is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A file, directory or link of another user.
    Owner {
        /// Which.
        path: PathBuf,
        /// The user's number.
        uid: u32,
    },
    /// A file or directory that everybody may write to.
    WritableByOthers(PathBuf),
    /// A file or directory that its group may write to. Only warned about.
    WritableByGroup {
        /// Which.
        path: PathBuf,
        /// The group's number.
        gid: u32,
    },
    /// The same, and OpenVPN, which has given up root, is of this group.
    WritableByFront {
        /// Which.
        path: PathBuf,
        /// The group's number.
        gid: u32,
    },
    /// A file or directory whose access control list lets users or groups write that it names.
    WritableByList(PathBuf),
}

impl Problem {
    /// The command that mends it. A directory on the way stays its owner's: the program is copied out of it.
    fn remedy(&self, program: &Path) -> String {
        let (command, path) = match self {
            Problem::Owner { path, .. } => ("chown -h root:root", path),
            Problem::WritableByOthers(path) => ("chmod o-w", path),
            Problem::WritableByGroup { path, .. } | Problem::WritableByFront { path, .. } => {
                ("chmod g-w", path)
            }
            Problem::WritableByList(path) => ("setfacl -b", path),
        };
        let is_above = path != program && program.starts_with(path);
        if is_above && matches!(self, Problem::Owner { .. } | Problem::WritableByOthers(_)) {
            let name = program.file_name().unwrap_or_default().to_string_lossy();
            return format!(
                "run 'install -o root -g root -m 755 {} /etc/openvpn/{name}' and name that file in the plugin line",
                program.display()
            );
        }
        format!("run '{command} {}'", path.display())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Owner { path, uid } => {
                write!(f, "{} belongs to user {uid}, not to root", path.display())
            }
            Problem::WritableByOthers(path) => write!(f, "{} may be written to by everybody", path.display()),
            Problem::WritableByGroup { path, gid } => {
                write!(f, "{} may be written to by group {gid}", path.display())
            }
            Problem::WritableByFront { path, gid } => {
                write!(f, "{} may be written to by group {gid}, to which OpenVPN belongs", path.display())
            }
            Problem::WritableByList(path) => {
                write!(f, "{} may be written to by whom its access control list names", path.display())
            }
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
            ProgramError::Insecure { program, problem } => write!(
                f,
                "{} is not run as root: {problem}; {}, or set insecure-permissions=yes",
                program.display(),
                problem.remedy(program)
            ),
            ProgramError::Moved(path) => {
                write!(f, "{} is reached through a link that was not there at the start", path.display())
            }
        }
    }
}

impl std::error::Error for ProgramError {}
