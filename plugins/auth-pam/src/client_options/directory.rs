//! The directory: which of its files are whose, and whether only root can change what is read.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use log_lines::UnloggedLine;
use privsep::path_permissions::{RootsGroup, Sticky, Walk};

use super::MAX_BYTES;
use super::mistake::Mistake;

const DEFAULT: &str = "default";
const GROUP: &str = "group";
const USER: &str = "user";
/// The longest name of a file, in bytes.
const MAX_NAME: usize = 255;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A file with options.
    File,
    /// A directory.
    Directory,
}

/// What was read.
pub struct Content {
    /// The text; of a directory nothing.
    pub text: Vec<u8>,
    /// How members of root's group could change it.
    pub by_roots_group: Vec<UnloggedLine>,
}

/// Whether a user or group of this name may have a file. Hidden files are what editors and package managers leave behind.
pub fn may_be_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name[0] != b'.'
        && !name.contains(&b'/')
        && !name.contains(&0)
}

/// Everything there is, directories first. What nobody gets is warned about.
pub fn all(directory: &Path, warnings: &mut Vec<UnloggedLine>) -> Result<Vec<(PathBuf, EntryKind)>, Mistake> {
    let mut found = vec![(directory.to_path_buf(), EntryKind::Directory)];
    for name in entries(directory)? {
        let path = directory.join(&name);
        match name.to_str() {
            Some(DEFAULT) => found.push((path, EntryKind::File)),
            Some(GROUP | USER) => {
                let names = entries(&path)?;
                found.push((path.clone(), EntryKind::Directory));
                for name in names {
                    if may_be_name(name.as_bytes()) {
                        found.push((path.join(&name), EntryKind::File));
                    } else {
                        let file = path.join(&name);
                        warnings.push(lines::clients::nobodys(file.display()).unlogged());
                    }
                }
            }
            _ => warnings.push(lines::clients::not_used(path.display()).unlogged()),
        }
    }
    Ok(found)
}

/// The files of a user, in their order.
pub fn of_user(
    directory: &Path,
    user: &[u8],
    mut is_member: impl FnMut(&OsStr) -> Result<bool, Mistake>,
) -> Result<Vec<PathBuf>, Mistake> {
    judge(directory)?;
    let mut found = vec![directory.join(DEFAULT)];
    for name in entries(&directory.join(GROUP))? {
        if may_be_name(name.as_bytes()) && is_member(&name)? {
            found.push(directory.join(GROUP).join(name));
        }
    }
    if may_be_name(user) {
        found.push(directory.join(USER).join(OsStr::from_bytes(user)));
    }
    found.retain(|path| !is_missing(path));
    Ok(found)
}

/// Whether there is nothing. A link that leads nowhere is something.
fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| {
        matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
            || error.raw_os_error() == Some(libc::ENAMETOOLONG)
    })
}

/// The names in a directory, sorted; none if it is not there.
pub fn entries(directory: &Path) -> Result<Vec<OsString>, Mistake> {
    if is_missing(directory) {
        return Ok(Vec::new());
    }
    judge(directory)?;
    let unreadable = |error| Mistake::Unreadable(directory.to_path_buf(), error);
    let names = fs::read_dir(directory).map_err(unreadable)?;
    let mut names: Vec<OsString> = names
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<_>>()
        .map_err(unreadable)?;
    names.sort_unstable();
    Ok(names)
}

/// The way to it, if only root could change anything on that.
fn judge(path: &Path) -> Result<(Walk, Vec<UnloggedLine>), Mistake> {
    let walk = Walk::along(path, Sticky::Refused)?;
    let mut by_roots_group = Vec::new();
    for problem in &walk.problems {
        if !problem.is_tolerable(RootsGroup::IsTrusted) {
            return Err(Mistake::Insecure(problem.clone()));
        }
        let insecure = format!("{problem}; {}", problem.remedy());
        by_roots_group.push(lines::clients::found(insecure).unlogged());
    }
    Ok((walk, by_roots_group))
}

/// Reads a file, or only looks at a directory.
pub fn read(path: &Path, kind: EntryKind) -> Result<Content, Mistake> {
    let (walk, by_roots_group) = judge(path)?;
    if kind == EntryKind::Directory {
        return Ok(Content { text: Vec::new(), by_roots_group });
    }
    if !walk.status.is_file() {
        return Err(Mistake::NotAFile(path.to_path_buf()));
    }
    let unreadable = |error| Mistake::Unreadable(path.to_path_buf(), error);
    let text = open(&walk.path).and_then(at_most).map_err(unreadable)?;
    if text.len() > MAX_BYTES {
        return Err(Mistake::TooLong(path.to_path_buf()));
    }
    Ok(Content { text, by_roots_group })
}

/// The path has no links, and nobody but root could put one there.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

fn at_most(file: File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut text).map(|_| text)
}
