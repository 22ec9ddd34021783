//! A process that makes files in one directory, and can do nothing else: no other directory is in its reach, and even there
//! it reads nothing, writes to no file that exists, and starts nothing.
//!
//! The directory becomes its root directory, and the directory's owner its user, so that it needs no right of root's.

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{FileStat, Mode, fstat, umask};
use nix::unistd::{
    Gid, Uid, UnlinkatFlags, chroot, fchdir, geteuid, setgroups, setresgid, setresuid, unlinkat,
};

use crate::capabilities::{self, Capabilities};
use crate::{idle_wait, os, seccomp};

/// What was not possible.
#[derive(Debug, Default)]
pub struct Missing {
    /// Other directories are in reach, because of this.
    pub root: Option<Errno>,
    /// It is not the directory's owner, because of this.
    pub user: Option<Errno>,
    /// Capabilities were not given up, because of this.
    pub capabilities: Option<Errno>,
    /// There is no filter of system calls, because of this.
    pub filter: Option<Errno>,
}

/// How a file is made: never one that is there, nor through a link.
const MAKE: OFlag = OFlag::O_WRONLY
    .union(OFlag::O_CREAT)
    .union(OFlag::O_EXCL)
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_CLOEXEC);

/// Gives up everything but this directory, which becomes the working directory.
///
/// # Errors
/// It cannot be entered, or looked at.
pub fn enter(directory: BorrowedFd<'_>) -> nix::Result<Missing> {
    let owner = fstat(directory)?;
    fchdir(directory)?;
    let root = chroot(".").err();
    umask(Mode::empty());
    let user = if geteuid().is_root() && owner.st_uid != 0 { become_user(&owner).err() } else { None };
    idle_wait::release_memory();
    let capabilities = capabilities::give_up_for_good(Capabilities::NONE).err();
    let _ = nix::sys::prctl::set_dumpable(false);
    let filter = nix::sys::prctl::set_no_new_privs().and_then(|()| seccomp::allow_only(&rules())).err();
    Ok(Missing { root, user, capabilities, filter })
}

/// A process also dies by SIGKILL with its parent, but setresuid(2) makes the kernel forget that. The caller needs another
/// way.
fn become_user(owner: &FileStat) -> nix::Result<()> {
    let (uid, gid) = (Uid::from_raw(owner.st_uid), Gid::from_raw(owner.st_gid));
    setgroups(&[])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)
}

/// Makes a file in the directory, which others may read.
///
/// # Errors
/// `EEXIST`: there is one of that name. Others as those of open(2).
pub fn make(name: &CStr) -> nix::Result<OwnedFd> {
    nix::fcntl::openat(nix::fcntl::AT_FDCWD, name, MAKE, Mode::from_bits_truncate(0o644))
}

/// Takes a file away; that there is none is no error.
///
/// # Errors
/// Those of unlink(2).
pub fn remove(name: &CStr) -> nix::Result<()> {
    match unlinkat(nix::fcntl::AT_FDCWD, name, UnlinkatFlags::NoRemoveDir) {
        Err(Errno::ENOENT) => Ok(()),
        done => done,
    }
}

/// Gives a file another name, in place of what has it.
///
/// # Errors
/// Those of rename(2).
pub fn rename(from: &CStr, to: &CStr) -> nix::Result<()> {
    nix::fcntl::renameat(nix::fcntl::AT_FDCWD, from, nix::fcntl::AT_FDCWD, to)
}

/// Locks a file for all who hold this description of it, if nobody else has locked it. Until the last of them is gone.
///
/// # Errors
/// `EWOULDBLOCK`: somebody else has.
pub fn lock(file: BorrowedFd<'_>) -> nix::Result<()> {
    os::lock_file(file)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
fn rules() -> Vec<seccomp::Rule> {
    use crate::unprivileged::{everyday, with_failing};
    use seccomp::When::{Always, Is};
    // The C library of musl adds this flag, which the kernel has by itself on these machines.
    const LARGE: u32 = if cfg!(target_arch = "aarch64") { 0o400_000 } else { 0o100_000 };
    let make = MAKE.bits().unsigned_abs();
    let mut allowed = vec![
        // What it holds: a socket, and the file that it has made.
        (libc::SYS_recvmsg, Always),
        (libc::SYS_sendmsg, Always),
        (libc::SYS_setsockopt, Is(2, libc::SO_RCVTIMEO.unsigned_abs())),
        (libc::SYS_ppoll, Always),
        (libc::SYS_write, Always),
        (libc::SYS_close, Always),
        (libc::SYS_fcntl, Is(1, libc::F_GETFD.unsigned_abs())),
        // Files of its directory.
        (libc::SYS_openat, Is(2, make)),
        (libc::SYS_openat, Is(2, make | LARGE)),
        (libc::SYS_flock, Is(1, (libc::LOCK_EX | libc::LOCK_NB).unsigned_abs())),
        (libc::SYS_unlinkat, Is(2, 0)),
        (libc::SYS_renameat2, Is(4, 0)),
        // None on riscv64.
        #[cfg(not(target_arch = "riscv64"))]
        (libc::SYS_renameat, Always),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_poll, Always),
    ];
    allowed.extend(everyday());
    with_failing(allowed)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
fn rules() -> Vec<seccomp::Rule> {
    Vec::new()
}
