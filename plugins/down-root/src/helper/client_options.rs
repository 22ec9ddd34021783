//! The file a script writes a client's options to: memory of the helper, which the script finds as an open descriptor under
//! the path it gets. Nothing the unprivileged side has made is opened or written to by root.
//!
//! It is a file like any other, so that a script can write it anew, add to it and read it. What it may hold cannot be
//! bounded beforehand: a file that is sealed against growth takes nothing after `>` has cut it, a pipe cannot be cut, a limit on
//! the size of files would hold for all files of the script, and a file system of its own needs rights that OpenVPN's units
//! withhold. So its size is looked at as long as the script runs. Once it is too long it is emptied and sealed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use privsep::started_program::inheritable;

use super::script::INHERITED_NUMBER;
use crate::protocol::MAX_CLIENT_OPTIONS;

/// How often the size is looked at: no event tells of memory that one long call fills. In this time a script can write some
/// ten megabytes.
pub const LOOK: Duration = Duration::from_millis(5);
/// Memory beyond the length of a file, in bytes: the kernel may take a huge page, and a script may reserve some.
const MAX_MEMORY: u64 = 4 << 20;

/// The options of one client.
pub struct ClientOptions {
    file: File,
    path: OsString,
    too_long: bool,
    _inherited: OwnedFd,
}

impl ClientOptions {
    /// Makes an empty one, which every program started while it exists inherits.
    pub fn new() -> nix::Result<Self> {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let file = memfd_create(c"client-options", flags)?;
        let inherited = inheritable(&file, INHERITED_NUMBER)?;
        let path = format!("/proc/self/fd/{}", inherited.as_raw_fd()).into();
        Ok(ClientOptions { file: file.into(), path, too_long: false, _inherited: inherited })
    }

    /// Its path in the processes that have inherited it.
    pub fn path(&self) -> &OsStr {
        &self.path
    }

    /// Looks at its size; the first time it is too long it is emptied, takes nothing any more, and this is true.
    pub fn has_become_too_long(&mut self) -> bool {
        let too_long = !self.too_long
            && self.file.metadata().is_ok_and(|status| {
                status.len() > MAX_CLIENT_OPTIONS as u64 || status.blocks() * 512 > MAX_MEMORY
            });
        if too_long {
            self.too_long = true;
            self.freeze();
        }
        too_long
    }

    /// What was written to it.
    pub fn read(mut self) -> io::Result<Vec<u8>> {
        if self.has_become_too_long() || self.too_long {
            let kib = MAX_CLIENT_OPTIONS / 1024;
            return Err(io::Error::other(format!("more than {kib} KiB of options for a client")));
        }
        let mut bytes = Vec::new();
        self.file.rewind()?;
        (&self.file).take(MAX_CLIENT_OPTIONS as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Sealed first: what is written meanwhile goes too.
    fn freeze(&self) {
        let _ = fcntl(&self.file, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_GROW));
        let _ = self.file.set_len(0);
    }
}

impl Drop for ClientOptions {
    /// What a script leaves running may hold it, and fills no memory with it.
    fn drop(&mut self) {
        self.freeze();
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    #[test]
    fn it_is_a_file_until_it_is_too_long() {
        let mut options = ClientOptions::new().unwrap();
        let path = options.path().to_os_string();
        std::fs::write(&path, "first").unwrap();
        std::fs::write(&path, "second").unwrap();
        let mut appending = OpenOptions::new().append(true).open(&path).unwrap();
        appending.write_all(b" third").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second third");
        appending.write_all(&vec![b'x'; MAX_CLIENT_OPTIONS - 12]).unwrap();
        assert!(!options.has_become_too_long());
        appending.write_all(b"x").unwrap();
        assert!(options.has_become_too_long());
        assert!(!options.has_become_too_long(), "said once");
        assert!(appending.write_all(b"x").is_err());
        assert!(std::fs::write(&path, "x").is_err());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        assert!(options.read().unwrap_err().to_string().contains("more than 64 KiB"));
    }

    #[test]
    fn a_process_that_holds_it_afterwards_fills_no_memory() {
        let options = ClientOptions::new().unwrap();
        let mut held = OpenOptions::new().write(true).open(options.path()).unwrap();
        held.write_all(b"push x").unwrap();
        assert_eq!(options.read().unwrap(), b"push x");
        assert!(held.write_all(b"x").is_err());
        assert_eq!(held.metadata().unwrap().len(), 0);
    }

    #[test]
    fn memory_without_length_counts() {
        let mut options = ClientOptions::new().unwrap();
        let keep_size = nix::fcntl::FallocateFlags::FALLOC_FL_KEEP_SIZE;
        nix::fcntl::fallocate(&options.file, keep_size, 0, 8 << 20).unwrap();
        assert!(options.has_become_too_long());
    }
}
