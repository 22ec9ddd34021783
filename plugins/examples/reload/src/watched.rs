//! The file, by its name in a directory that is held open from the start: so it is found in a `chroot` too.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};

/// More is no configuration.
const MAX_BYTES: u64 = 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Watched {
    directory: File,
    path: PathBuf,
    file_name: OsString,
    /// What was read last, or could not be: that is said once.
    read: Version,
    /// What was seen last.
    seen: Version,
}

/// What changes with a file's contents, or when another file takes its name.
type Version = Result<[i128; 5], nix::Error>;

impl Watched {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file_name = path.file_name().ok_or_else(|| io::Error::other("is no name of a file"))?.to_owned();
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (read, seen) = (Err(nix::Error::UnknownErrno), Err(nix::Error::UnknownErrno));
        Ok(Self { directory: File::open(parent)?, path: path.to_owned(), file_name, read, seen })
    }

    pub(crate) fn name(&self) -> impl std::fmt::Display + '_ {
        self.path.display()
    }

    /// Whether it is worth to read the file. One that looks different at each look is still being written.
    pub(crate) fn has_changed(&mut self) -> bool {
        let now = self.look();
        let is_settled = now == self.seen;
        self.seen = now;
        is_settled && now != self.read
    }

    fn look(&self) -> Version {
        fstatat(&self.directory, self.file_name.as_os_str(), AtFlags::empty()).map(version)
    }

    pub(crate) fn read(&mut self) -> io::Result<String> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let opened = openat(&self.directory, self.file_name.as_os_str(), flags, Mode::empty());
        // Also what cannot be opened is not tried again before it changes.
        let opened = opened.inspect_err(|_| self.read = self.look())?;
        // Before its contents: a change while they are read is seen at the next look.
        self.read = fstat(&opened).map(version);
        let file = File::from(opened);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("is no regular file"));
        }
        let mut text = String::new();
        if file.take(MAX_BYTES + 1).read_to_string(&mut text)? as u64 > MAX_BYTES {
            return Err(io::Error::other(format!("has more than {MAX_BYTES} bytes")));
        }
        Ok(text)
    }
}

/// How large these numbers are depends on the machine.
fn version(file: FileStat) -> [i128; 5] {
    [
        file.st_dev.into(),
        file.st_ino.into(),
        file.st_ctime.into(),
        file.st_ctime_nsec.into(),
        file.st_size.into(),
    ]
}
