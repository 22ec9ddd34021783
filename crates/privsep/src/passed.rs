//! Whether a descriptor that came from the unprivileged side is one the privileged side may write to.
//!
//! The kernel checks most permissions at open, with the rights of whoever opened. Some special file systems check the
//! writer instead, so that an unprivileged process could open a file there and have root write to it; and a pipe or a
//! device could block the writer for ever. Only regular files of ordinary file systems are taken.

use std::fmt;
use std::os::fd::{AsFd, AsRawFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::{SFlag, fstat};
use nix::sys::statfs::fstatfs;

/// File systems whose files are not plain storage (linux/magic.h): proc, sysfs, cgroup, cgroup2, debugfs, tracefs,
/// securityfs, configfs, bpf, selinuxfs, smackfs, fuse, efivarfs.
const SPECIAL: [u32; 13] = [
    0x9fa0,
    0x6265_6572,
    0x0027_e0eb,
    0x6367_7270,
    0x6462_6720,
    0x7472_6163,
    0x7363_6673,
    0x6265_6570,
    0xcafe_4a11,
    0xf97c_ff8c,
    0x4341_5d53,
    0x6573_5546,
    0xde5e_81e4,
];

/// Why a descriptor is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A pipe, socket, device or directory.
    NotAFile,
    /// Opened for reading only.
    NotWritable,
    /// A file of proc, sysfs, fuse or the like.
    SpecialFileSystem,
    /// The system would not say.
    System(nix::errno::Errno),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::NotAFile => f.write_str("not a regular file"),
            Refused::NotWritable => f.write_str("not open for writing"),
            Refused::SpecialFileSystem => f.write_str("on a special file system"),
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
    if SPECIAL.iter().any(|magic| i128::from(*magic) == i128::from(kind) & 0xffff_ffff) {
        return Err(Refused::SpecialFileSystem);
    }
    Ok(())
}

/// Number of a descriptor, for log lines.
pub fn number(descriptor: &impl AsFd) -> i32 {
    descriptor.as_fd().as_raw_fd()
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
