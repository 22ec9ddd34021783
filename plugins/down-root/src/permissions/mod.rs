//! What may be run as root: a file that only root can change, reached by a way that only root can change.
//!
//! The path is walked component by component, links included, so that the directory a link stands in is judged as
//! well as the one it leads to; and so is that of the interpreter a script names. The result is the path without links: a
//! link that is changed later leads nowhere new.

mod executable;
mod problem;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lines::startup;
use privsep::path_permissions::{Problem, RootsGroup, Sticky, Walk};

#[cfg(any(test, feature = "fuzzing"))]
pub use executable::interpreter_in;
pub use problem::ProgramError;

/// How many interpreters that are scripts themselves the kernel follows.
const MAX_INTERPRETERS: usize = 4;
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
            warnings.push(startup::relative_path(given.display(), absolute.display()).to_string());
            absolute
        };
        let found = examine(&absolute)?;
        let program = Program { path: found.path, given: OsString::from_vec(word.to_vec()), insecure };
        program.judge(&found.problems, RootsGroup::IsTrusted, |text| warnings.push(text))?;
        Ok((program, warnings))
    }

    /// Looks again, right before it is run.
    pub fn check_again(&self, roots_group: RootsGroup) -> Result<(), ProgramError> {
        let found = examine(&self.path)?;
        if found.path != self.path {
            return Err(ProgramError::Moved(self.path.clone()));
        }
        self.judge(&found.problems, roots_group, |_known_since_the_start| {})
    }

    fn judge(
        &self,
        problems: &[Problem],
        roots_group: RootsGroup,
        mut warn: impl FnMut(String),
    ) -> Result<(), ProgramError> {
        for problem in problems {
            if self.insecure || problem.is_tolerable(roots_group) {
                warn(startup::run_all_the_same(self.path.display(), problem).to_string());
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

/// Walks the way to a program, and to the interpreter of a script.
fn examine(path: &Path) -> Result<Walk, ProgramError> {
    let mut found = walk(path)?;
    let mut script = found.path.clone();
    for _ in 0..=MAX_INTERPRETERS {
        let of_script = |error| ProgramError::Interpreter { script: script.clone(), error: Box::new(error) };
        let Some(interpreter) = executable::interpreter(&script)? else { return Ok(found) };
        let walk = walk(&interpreter).map_err(of_script)?;
        for problem in walk.problems {
            if !found.problems.contains(&problem) {
                found.problems.push(problem);
            }
        }
        script = walk.path;
    }
    Err(ProgramError::Loop(found.path))
}

/// Walks a path to an executable file.
fn walk(path: &Path) -> Result<Walk, ProgramError> {
    let walk = Walk::along(path, Sticky::Refused)?;
    if !walk.status.is_file() {
        return Err(ProgramError::NotAFile(walk.path));
    }
    if walk.status.permissions().mode() & EXECUTABLE == 0 {
        return Err(ProgramError::NotExecutable(walk.path));
    }
    Ok(walk)
}

#[cfg(test)]
mod tests;
