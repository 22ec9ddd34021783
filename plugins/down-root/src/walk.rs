//! The way to a file, component by component, links included: who could change it, or what it leads to.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use privsep::acl;

use crate::problem::{Problem, ProgramError};

/// Links followed before a path is taken for a loop, as the kernel does.
const MAX_LINKS: usize = 40;
const WRITABLE_BY_OTHERS: u32 = 0o002;
const WRITABLE_BY_GROUP: u32 = 0o020;
const EXECUTABLE: u32 = 0o111;

/// What a walk along a path has found.
pub struct Walk {
    /// The file, without links.
    pub path: PathBuf,
    /// How others than root could change what is found there.
    pub problems: Vec<Problem>,
    owners: [u32; 2],
}

impl Walk {
    /// Walks an absolute path down to an executable file.
    pub fn along(path: &Path) -> Result<Self, ProgramError> {
        // Without root (OpenVPN was started by a user) nothing is run as anybody else than that user.
        let owners = [0, nix::unistd::geteuid().as_raw()];
        let mut walk = Walk { path: PathBuf::from("/"), problems: Vec::new(), owners };
        let root = look(&walk.path)?;
        walk.inspect(&walk.path.clone(), &root);
        let mut reached = Some(root);
        let mut ahead: VecDeque<OsString> = VecDeque::new();
        put_ahead(&mut ahead, path);
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                walk.path.pop();
                reached = None;
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
                reached = None;
                put_ahead(&mut ahead, &target);
            } else {
                walk.path = next;
                reached = Some(here);
            }
        }
        let status = reached.map_or_else(|| look(&walk.path), Ok)?;
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
            let by_group = Problem::WritableByGroup { path: path(), gid: status.gid() };
            match acl::writers(&path()) {
                Ok(None) => self.problems.push(by_group),
                Ok(Some(writers)) => {
                    self.problems.extend(writers.named.then(|| Problem::WritableByList(path())));
                    self.problems.extend(writers.group.then_some(by_group));
                }
                // There may be one that nobody can look at.
                Err(_) => self.problems.push(Problem::WritableByList(path())),
            }
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
