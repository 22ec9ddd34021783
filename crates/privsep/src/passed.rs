//! Whether a descriptor that came from the unprivileged side is one the privileged side may write to.
//!
//! The kernel checks most permissions at open, with the rights of whoever opened. Some special file systems check the
//! writer instead, so that an unprivileged process could open a file there and have root write to it; and a pipe or a
//! device could block the writer for ever, as can a file of FUSE. Only regular files of ordinary file systems are taken.

use std::fmt;
use std::os::fd::AsFd;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::{SFlag, fstat};
use nix::sys::statfs::fstatfs;

/// File systems whose files are plain storage (linux/magic.h and the file systems' own headers).
const ORDINARY: [u32; 16] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0x0102_1994, // tmpfs
    0x8584_58f6, // ramfs
    0x794c_7630, // overlay
    0x2fc1_2fc1, // zfs
    0xf2f5_2010, // f2fs
    0xca45_1a4e, // bcachefs
    0x6969,      // nfs
    0x3153_464a, // jfs
    0x5265_4973, // reiserfs
    0x0000_3434, // nilfs
    0xf15f,      // ecryptfs
    0x2405_1905, // ubifs
    0x0102_1997, // 9p
];

/// Why a descriptor is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A pipe, socket, device or directory.
    NotAFile,
    /// Opened for reading only.
    NotWritable,
    /// A file of proc, sysfs, FUSE or another file system that is not known as plain storage.
    SpecialFileSystem,
    /// The system would not say.
    System(nix::errno::Errno),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::NotAFile => f.write_str("not a regular file"),
            Refused::NotWritable => f.write_str("not open for writing"),
            Refused::SpecialFileSystem => f.write_str("on a file system that is not known as plain storage"),
            Refused::System(errno) => f.write_str(errno.desc()),
        }
    }
}

impl std::error::Error for Refused {}

/// Accepts a regular file on an ordinary file system that is open for writing.
pub fn check_plain_file(descriptor: impl AsFd) -> Result<(), Refused> {
    let descriptor = descriptor.as_fd();
    let status = fstat(descriptor).map_err(Refused::System)?;
    if SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
        return Err(Refused::NotAFile);
    }
    let flags = OFlag::from_bits_retain(fcntl(descriptor, FcntlArg::F_GETFL).map_err(Refused::System)?);
    if flags & OFlag::O_ACCMODE == OFlag::O_RDONLY || flags.contains(OFlag::O_PATH) {
        return Err(Refused::NotWritable);
    }
    let kind = fstatfs(descriptor).map_err(Refused::System)?.filesystem_type().0;
    // The magic numbers are 32 bits wide; the field's width and sign differ between platforms.
    if !ORDINARY.iter().any(|magic| i128::from(*magic) == i128::from(kind) & 0xffff_ffff) {
        return Err(Refused::SpecialFileSystem);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    #[test]
    fn a_plain_file_open_for_writing_is_taken() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(check_plain_file(&file), Ok(()));
    }

    #[test]
    fn pipes_sockets_and_devices_are_refused() {
        let (_read, write) = nix::unistd::pipe().unwrap();
        assert_eq!(check_plain_file(&write), Err(Refused::NotAFile));
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(check_plain_file(&one), Err(Refused::NotAFile));
        let null = OpenOptions::new().write(true).open("/dev/null").unwrap();
        assert_eq!(check_plain_file(&null), Err(Refused::NotAFile));
    }

    #[test]
    fn a_read_only_descriptor_is_refused() {
        let named = tempfile::NamedTempFile::new().unwrap();
        let reader = std::fs::File::open(named.path()).unwrap();
        assert_eq!(check_plain_file(&reader), Err(Refused::NotWritable));
    }

    #[test]
    fn files_of_proc_are_refused() {
        let file = OpenOptions::new().write(true).open("/proc/self/oom_score_adj").unwrap();
        assert_eq!(check_plain_file(&file), Err(Refused::SpecialFileSystem));
    }
}
