//! What may be run as root: a file that only root can change, reached by a way that only root can change.
//!
//! The path is walked component by component, links included, so that the directory a link stands in is judged as
//! well as the one it leads to. The result is the path without links: a link that is changed later leads nowhere new.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

/// Links followed before a path is taken for a loop, as the kernel does.
const MAX_LINKS: usize = 40;
const WRITABLE_BY_OTHERS: u32 = 0o002;
const WRITABLE_BY_GROUP: u32 = 0o020;
const EXECUTABLE: u32 = 0o111;

/// A program the configuration names, found and judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Absolute, without links.
    path: PathBuf,
    /// As written: the script's own idea of its name.
    given: OsString,
    /// Whether problems only cause warnings.
    insecure: bool,
}

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
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Owner { path, uid } => {
                write!(f, "{} belongs to user {uid}, not to root", path.display())
            }
            Problem::WritableByOthers(path) => write!(f, "{} may be written to by everybody", path.display()),
            Problem::WritableByGroup { path, gid } => {
                write!(f, "{} may be written to by group {gid} or an access control list", path.display())
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
            ProgramError::Insecure { program, problem } => write!(
                f,
                "{} is not run as root: {problem} (chown, chmod, or insecure-permissions=yes)",
                program.display()
            ),
            ProgramError::Moved(path) => {
                write!(f, "{} is reached through a link that was not there at the start", path.display())
            }
        }
    }
}

impl std::error::Error for ProgramError {}

impl Program {
    /// Finds the program that `word` names; a relative path starts at the working directory. Also what to warn about.
    pub fn find(word: &[u8], insecure: bool) -> Result<(Self, Vec<String>), ProgramError> {
        let given = Path::new(OsStr::from_bytes(word));
        let mut warnings = Vec::new();
        let absolute = if given.is_absolute() {
            given.to_path_buf()
        } else {
            let unreachable = |error| ProgramError::Unreachable { path: given.to_path_buf(), error };
            let absolute = std::env::current_dir().map_err(unreachable)?.join(given);
            warnings.push(format!(
                "'{}' is a relative path: taken as {}",
                given.display(),
                absolute.display()
            ));
            absolute
        };
        let found = Walk::along(&absolute)?;
        let program = Program { path: found.path, given: OsString::from_vec(word.to_vec()), insecure };
        program.judge(&found.problems, |text| warnings.push(text))?;
        Ok((program, warnings))
    }

    /// Looks again, right before it is run.
    pub fn check_again(&self) -> Result<(), ProgramError> {
        let found = Walk::along(&self.path)?;
        if found.path != self.path {
            return Err(ProgramError::Moved(self.path.clone()));
        }
        self.judge(&found.problems, |_known_since_the_start| {})
    }

    fn judge(&self, problems: &[Problem], mut warn: impl FnMut(String)) -> Result<(), ProgramError> {
        for problem in problems {
            if self.insecure || matches!(problem, Problem::WritableByGroup { .. }) {
                warn(format!("{} is run as root, but {problem}", self.path.display()));
            } else {
                let (program, problem) = (self.path.clone(), problem.clone());
                return Err(ProgramError::Insecure { program, problem });
            }
        }
        Ok(())
    }

    /// Absolute path without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path as the configuration has it.
    pub fn given(&self) -> &OsStr {
        &self.given
    }

    /// Its short name, for log lines.
    pub fn name(&self) -> String {
        let name = Path::new(&self.given).file_name().unwrap_or(self.given.as_os_str());
        name.to_string_lossy().into_owned()
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

/// What a walk along a path has found.
struct Walk {
    path: PathBuf,
    problems: Vec<Problem>,
    owners: [u32; 2],
}

impl Walk {
    /// Walks an absolute path down to an executable file.
    fn along(path: &Path) -> Result<Self, ProgramError> {
        // Without root (OpenVPN was started by a user) nothing is run as anybody else than that user.
        let owners = [0, nix::unistd::geteuid().as_raw()];
        let mut walk = Walk { path: PathBuf::from("/"), problems: Vec::new(), owners };
        walk.inspect(&walk.path.clone(), &look(&walk.path)?);
        let mut ahead: VecDeque<OsString> = VecDeque::new();
        put_ahead(&mut ahead, path);
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                walk.path.pop();
                continue;
            }
            let next = walk.path.join(&name);
            let here = look(&next)?;
            walk.inspect(&next, &here);
            if here.is_symlink() {
                links += 1;
                if links > MAX_LINKS {
                    return Err(ProgramError::Loop(path.to_path_buf()));
                }
                let target = fs::read_link(&next)
                    .map_err(|error| ProgramError::Unreachable { path: next.clone(), error })?;
                if target.is_absolute() {
                    walk.path = PathBuf::from("/");
                }
                put_ahead(&mut ahead, &target);
            } else {
                walk.path = next;
            }
        }
        let status = look(&walk.path)?;
        if !status.is_file() {
            return Err(ProgramError::NotAFile(walk.path));
        }
        if status.permissions().mode() & EXECUTABLE == 0 {
            return Err(ProgramError::NotExecutable(walk.path));
        }
        Ok(walk)
    }

    fn inspect(&mut self, path: &Path, status: &Metadata) {
        let path = || path.to_path_buf();
        if !self.owners.contains(&status.uid()) {
            self.problems.push(Problem::Owner { path: path(), uid: status.uid() });
        }
        // A link has no permissions of its own.
        let mode = if status.is_symlink() { 0 } else { status.permissions().mode() };
        if mode & WRITABLE_BY_OTHERS != 0 {
            self.problems.push(Problem::WritableByOthers(path()));
        } else if mode & WRITABLE_BY_GROUP != 0 {
            self.problems.push(Problem::WritableByGroup { path: path(), gid: status.gid() });
        }
    }
}

fn look(path: &Path) -> Result<Metadata, ProgramError> {
    fs::symlink_metadata(path).map_err(|error| ProgramError::Unreachable { path: path.to_path_buf(), error })
}

/// Puts the components of `path` before what is still ahead.
fn put_ahead(ahead: &mut VecDeque<OsString>, path: &Path) {
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => ahead.push_front(name.to_os_string()),
            Component::ParentDir => ahead.push_front("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
}

#[cfg(test)]
#[path = "permissions_tests.rs"]
mod tests;
