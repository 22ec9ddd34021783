//! The way to a file, component by component, links included: who could change it, or what it leads to.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use crate::{acl, lines};

/// Links followed before a path is taken for a loop, as the kernel does.
const MAX_LINKS: usize = 40;
const WRITABLE_BY_OTHERS: u32 = 0o002;
const WRITABLE_BY_GROUP: u32 = 0o020;
const STICKY: u32 = 0o1000;

/// What a walk along a path has found.
#[derive(Debug)]
pub struct Walk {
    /// What the path leads to, without links.
    pub path: PathBuf,
    /// Its status.
    pub status: Metadata,
    /// How others than root could change what is found there.
    pub problems: Vec<Problem>,
}

/// How others than root could change what a path leads to.
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
    /// A file or directory that its group may write to.
    WritableByGroup {
        /// Which.
        path: PathBuf,
        /// The group's number.
        gid: u32,
    },
    /// A file or directory whose access control list lets users or groups write that it names.
    WritableByList(PathBuf),
}

/// Whether the members of root's group may change what root obeys. No other group's may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootsGroup {
    /// They may, which is worth a warning: root let them in.
    IsTrusted,
    /// They may not: OpenVPN is one of them without being root, as with `user` and no `group`.
    IsOpenVpns,
}

/// Why a path cannot be walked.
#[derive(Debug)]
pub enum WalkError {
    /// Something on the way cannot be looked at.
    Unreachable {
        /// What was looked at.
        path: PathBuf,
        /// What came of it.
        error: io::Error,
    },
    /// Too many links.
    Loop(PathBuf),
}

/// Whether a directory that others may write to is a problem although it is sticky, as `/tmp` is: nobody can replace
/// there what belongs to root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sticky {
    /// It is.
    Refused,
    /// It is none, unless the path ends there.
    Allowed,
}

impl Walk {
    /// Walks an absolute path to its end.
    ///
    /// # Errors
    /// If something on the way is missing, may not be looked at, or is a loop of links.
    pub fn along(path: &Path, sticky: Sticky) -> Result<Self, WalkError> {
        // Without root (OpenVPN was started by a user) nothing is done as anybody else than that user.
        let owners = [0, nix::unistd::geteuid().as_raw()];
        let mut walked = UnfinishedWalk { path: PathBuf::from("/"), problems: Vec::new(), owners };
        let root = look(&walked.path)?;
        walked.inspect(&walked.path.clone(), &root, sticky);
        let mut reached = Some(root);
        let mut ahead: VecDeque<OsString> = VecDeque::new();
        put_ahead(&mut ahead, path);
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                walked.path.pop();
                reached = None;
                continue;
            }
            let next = walked.path.join(&name);
            let here = look(&next)?;
            walked.inspect(&next, &here, sticky);
            if here.is_symlink() {
                links += 1;
                if links > MAX_LINKS {
                    return Err(WalkError::Loop(path.to_path_buf()));
                }
                let target = fs::read_link(&next)
                    .map_err(|error| WalkError::Unreachable { path: next.clone(), error })?;
                if target.is_absolute() {
                    walked.path = PathBuf::from("/");
                }
                reached = None;
                put_ahead(&mut ahead, &target);
            } else {
                walked.path = next;
                reached = Some(here);
            }
        }
        let status = reached.map_or_else(|| look(&walked.path), Ok)?;
        if sticky == Sticky::Allowed {
            walked.inspect(&walked.path.clone(), &status, Sticky::Refused);
        }
        Ok(Walk { path: walked.path, status, problems: walked.problems })
    }
}

/// The walk as far as it has come.
struct UnfinishedWalk {
    path: PathBuf,
    problems: Vec<Problem>,
    owners: [u32; 2],
}

impl UnfinishedWalk {
    fn inspect(&mut self, path: &Path, status: &Metadata, sticky: Sticky) {
        let path = || path.to_path_buf();
        let mut found = Vec::new();
        if !self.owners.contains(&status.uid()) {
            found.push(Problem::Owner { path: path(), uid: status.uid() });
        }
        // A link has no permissions of its own.
        let mode = if status.is_symlink() { 0 } else { status.permissions().mode() };
        let tolerated = sticky == Sticky::Allowed && status.is_dir() && mode & STICKY != 0;
        if tolerated {
            // Only what is in there counts.
        } else if mode & WRITABLE_BY_OTHERS != 0 {
            found.push(Problem::WritableByOthers(path()));
        } else if mode & WRITABLE_BY_GROUP != 0 {
            let by_group = Problem::WritableByGroup { path: path(), gid: status.gid() };
            match acl::writers(&path()) {
                Ok(None) => found.push(by_group),
                Ok(Some(writers)) => {
                    found.extend(writers.named.then(|| Problem::WritableByList(path())));
                    found.extend(writers.group.then_some(by_group));
                }
                // There may be one that nobody can look at.
                Err(_) => found.push(Problem::WritableByList(path())),
            }
        }
        for problem in found {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }
}

impl Problem {
    /// What it is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Problem::Owner { path, .. }
            | Problem::WritableByOthers(path)
            | Problem::WritableByGroup { path, .. }
            | Problem::WritableByList(path) => path,
        }
    }

    /// Whether root may obey all the same, with a warning.
    #[must_use]
    pub fn is_tolerable(&self, roots_group: RootsGroup) -> bool {
        matches!(self, Problem::WritableByGroup { gid: 0, .. }) && roots_group == RootsGroup::IsTrusted
    }

    /// The command that mends it.
    #[must_use]
    pub fn command(&self) -> String {
        let command = match self {
            Problem::Owner { .. } => "chown -h root:root",
            Problem::WritableByOthers(_) => "chmod o-w",
            Problem::WritableByGroup { .. } => "chmod g-w",
            Problem::WritableByList(_) => "setfacl -b",
        };
        format!("{command} {}", self.path().display())
    }

    /// To run that command.
    #[must_use]
    pub fn remedy(&self) -> String {
        format!("run '{}'", self.command())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path().display();
        match self {
            Problem::Owner { uid, .. } => lines::not_roots(path, *uid).fmt(f),
            Problem::WritableByOthers(_) => lines::by_everybody(path).fmt(f),
            Problem::WritableByGroup { gid, .. } => lines::by_group(path, *gid).fmt(f),
            Problem::WritableByList(_) => lines::by_list(path).fmt(f),
        }
    }
}

impl fmt::Display for WalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WalkError::Unreachable { path, error } => write!(f, "{}: {error}", path.display()),
            WalkError::Loop(path) => write!(f, "{}: too many links", path.display()),
        }
    }
}

impl std::error::Error for WalkError {}

fn look(path: &Path) -> Result<Metadata, WalkError> {
    fs::symlink_metadata(path).map_err(|error| WalkError::Unreachable { path: path.to_path_buf(), error })
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
mod tests {
    use super::*;

    /// A directory where everybody may write, as `/tmp`, with a directory of root's in it.
    fn open_to_all(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::Builder::new().prefix("walk-").tempdir_in("/var/lib").unwrap();
        let inner = place.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(mode)).unwrap();
        (place, inner)
    }

    fn problems(path: &Path, sticky: Sticky) -> Vec<Problem> {
        Walk::along(path, sticky).unwrap().problems
    }

    #[test]
    fn what_belongs_to_root_in_a_sticky_directory_is_safe_if_that_is_asked_for() {
        let (place, inner) = open_to_all(0o1777);
        assert_eq!(problems(&inner, Sticky::Allowed), []);
        let open = [Problem::WritableByOthers(place.path().to_path_buf())];
        assert_eq!(problems(&inner, Sticky::Refused), open);
        std::os::unix::fs::chown(&inner, Some(65534), None).unwrap();
        assert_eq!(problems(&inner, Sticky::Allowed), [Problem::Owner { path: inner, uid: 65534 }]);
    }

    #[test]
    fn a_directory_that_is_not_sticky_or_the_end_of_the_path_is_never_safe() {
        let (place, inner) = open_to_all(0o1777);
        let open = [Problem::WritableByOthers(place.path().to_path_buf())];
        assert_eq!(problems(place.path(), Sticky::Allowed), open);
        assert_eq!(problems(&inner.join(".."), Sticky::Allowed), open);
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(problems(&inner, Sticky::Allowed), open);
    }
}
