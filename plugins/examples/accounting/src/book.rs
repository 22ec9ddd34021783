//! The file the lines go to, which logrotate and its like may rename at any time.
//!
//! Its directory is held open from the start: a name inside it can be looked up in a `chroot` too. If the file has another
//! name before a line is written, it is opened anew under the old one. Without root that takes a new file which
//! OpenVPN's user may write to (`create` in logrotate's configuration); until there is one, the renamed file takes the
//! lines. So none is lost, and none is written twice.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, fstat, fstatat};

#[derive(Debug)]
pub(crate) struct Book {
    directory: File,
    path: PathBuf,
    file: File,
    /// The last line could not be written, or not all of it.
    torn: bool,
    /// It was said that the file has another name.
    warned: bool,
}

impl Book {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = File::open(parent)?;
        let file = open_in(&directory, name_of(path)?)?;
        Ok(Self { directory, path: path.to_owned(), file, torn: false, warned: false })
    }

    pub(crate) fn name(&self) -> impl std::fmt::Display + '_ {
        self.path.display()
    }

    /// Appends a line, in one piece.
    pub(crate) fn put(&mut self, line: &str) -> io::Result<()> {
        self.follow_the_name();
        let start = if self.torn { "\n" } else { "" };
        let result = self.file.write_all(format!("{start}{line}\n").as_bytes());
        self.torn = result.is_err();
        result
    }

    fn follow_the_name(&mut self) {
        if self.has_its_name() {
            self.warned = false;
            return;
        }
        match name_of(&self.path).and_then(|name| open_in(&self.directory, name)) {
            Ok(file) => {
                self.file = file;
                (self.torn, self.warned) = (false, false);
            }
            Err(error) if !self.warned => {
                self.warned = true;
                let file = self.path.display();
                log::warn!(
                    "{file}: has another name now, and still takes the lines; there is no new one: {error}"
                );
            }
            Err(_) => {}
        }
    }

    fn has_its_name(&self) -> bool {
        let Ok(name) = name_of(&self.path) else { return false };
        let named = fstatat(&self.directory, name, AtFlags::AT_SYMLINK_NOFOLLOW);
        let own = fstat(&self.file);
        named.is_ok_and(|named| own.is_ok_and(|own| (named.st_dev, named.st_ino) == (own.st_dev, own.st_ino)))
    }
}

fn name_of(path: &Path) -> io::Result<&OsStr> {
    path.file_name().ok_or_else(|| io::Error::other("is no name of a file"))
}

fn open_in(directory: &File, name: &OsStr) -> io::Result<File> {
    let flags = OFlag::O_WRONLY
        | OFlag::O_APPEND
        | OFlag::O_CREAT
        | OFlag::O_NOFOLLOW
        | OFlag::O_NONBLOCK
        | OFlag::O_CLOEXEC;
    let file = File::from(openat(directory, name, flags, Mode::S_IRUSR | Mode::S_IWUSR)?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("is no regular file"));
    }
    Ok(file)
}

#[cfg(test)]
impl Book {
    /// From now on there is no room.
    pub(crate) fn fill(&mut self) {
        let full = File::options().write(true).open("/dev/full").unwrap();
        self.file = full;
        self.path = PathBuf::from("/dev/full");
        self.directory = File::open("/dev").unwrap();
    }

    /// The disk has room again.
    pub(crate) fn has_room(&mut self, path: &Path) {
        let torn = self.torn;
        *self = Self { torn, ..Self::open(path).unwrap() };
    }
}
