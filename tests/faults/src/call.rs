//! The system calls that can fail, and by what.

use nix::errno::Errno;

/// A call that can fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    /// Its name, with what stands before all of them.
    symbol: &'static str,
    number: i64,
    /// The errors it is tried with, the likeliest and most telling first.
    pub(crate) errors: &'static [Errno],
    /// It is made all the same: this is how the kernel fails here.
    pub(crate) made: bool,
}

impl Call {
    /// The call of this number; `None`: it cannot fail, see [`Call::cannot_fail`].
    pub(crate) fn of(number: i64) -> Option<&'static Self> {
        CALLS.iter().find(|call| call.number == number)
    }

    /// Whether the call of this number cannot fail when it is called rightly. One that is in neither list is unknown.
    pub(crate) fn cannot_fail(number: i64) -> bool {
        CANNOT_FAIL.contains(&number)
    }

    /// Whether it can, with these arguments.
    pub(crate) fn can_fail(&self, arguments: [u64; 5]) -> bool {
        let command = i32::try_from(arguments[1] & 0xffff_ffff).unwrap_or(-1);
        match self.name() {
            "fcntl" => command == libc::F_DUPFD || command == libc::F_DUPFD_CLOEXEC,
            "futex" => [libc::FUTEX_WAIT, libc::FUTEX_WAIT_BITSET].contains(&(command & 0x7f)),
            _ => true,
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.symbol.trim_start_matches("SYS_")
    }

    /// By its name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        CALLS.iter().find(|call| call.name() == name)
    }
}

/// Opens something, by a path or without one.
const OPENING: &[Errno] = &[Errno::EMFILE, Errno::EIO, Errno::ENOMEM, Errno::EINTR];
/// Makes a descriptor.
const DESCRIPTOR: &[Errno] = &[Errno::EMFILE, Errno::ENOMEM];
const READING: &[Errno] = &[Errno::EINTR, Errno::EIO, Errno::EAGAIN, Errno::ENOMEM];
const ACCEPTING: &[Errno] = &[Errno::EMFILE, Errno::ENOMEM, Errno::EINTR, Errno::EAGAIN];
const RECEIVING: &[Errno] = &[Errno::ENOMEM, Errno::EINTR, Errno::EAGAIN];
const SENDING: &[Errno] = &[Errno::EAGAIN, Errno::EPIPE, Errno::ENOMEM, Errno::ENOBUFS, Errno::EINTR];
const WRITING: &[Errno] = &[Errno::ENOSPC, Errno::EINTR, Errno::EIO, Errno::EAGAIN, Errno::EPIPE];
const SLEEPING: &[Errno] = &[Errno::EINTR, Errno::EAGAIN];
const WAITING: &[Errno] = &[Errno::EINTR];
const POLLING: &[Errno] = &[Errno::EINTR, Errno::ENOMEM];
const CLOSING: &[Errno] = &[Errno::EINTR, Errno::EIO];
const WATCHING: &[Errno] = &[Errno::ENOMEM, Errno::ENOSPC];
const MEMORY: &[Errno] = &[Errno::ENOMEM];
const NAMES: &[Errno] = &[Errno::EIO, Errno::ENOMEM, Errno::ENOSPC];
const FORKING: &[Errno] = &[Errno::EAGAIN, Errno::ENOMEM];
const FORBIDDEN: &[Errno] = &[Errno::EPERM];
const SETTING: &[Errno] = &[Errno::ENOMEM, Errno::ENOBUFS];

macro_rules! calls {
    ($($number:ident $errors:ident $($made:ident)?;)*) => {
        &[$(Call {
            symbol: stringify!($number),
            number: libc::$number,
            errors: $errors,
            made: calls!(@ $($made)?),
        }),*]
    };
    (@ made) => { true };
    (@) => { false };
}

/// The clock, the own numbers, masks and handlers of signals, giving memory back, the end.
const CANNOT_FAIL: &[i64] = &[
    libc::SYS_clock_gettime,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getppid,
    libc::SYS_getpgrp,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_capget,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_setitimer,
    libc::SYS_munmap,
    libc::SYS_madvise,
    // Of the C library, at the start of a thread and after a signal.
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// All that can.
const CALLS: &[Call] = calls! {
    SYS_open OPENING;
    SYS_openat OPENING;
    SYS_close CLOSING made;
    SYS_read READING;
    SYS_pread64 READING;
    SYS_readv READING;
    SYS_write WRITING;
    SYS_writev WRITING;
    SYS_pwrite64 WRITING;
    SYS_lseek NAMES;
    SYS_recvmsg RECEIVING;
    SYS_recvfrom RECEIVING;
    SYS_sendmsg SENDING;
    SYS_sendto SENDING;
    SYS_socket DESCRIPTOR;
    SYS_socketpair DESCRIPTOR;
    SYS_pipe2 DESCRIPTOR;
    SYS_dup DESCRIPTOR;
    SYS_dup2 DESCRIPTOR;
    SYS_dup3 DESCRIPTOR;
    SYS_fcntl DESCRIPTOR;
    SYS_epoll_create1 DESCRIPTOR;
    SYS_epoll_ctl WATCHING;
    SYS_epoll_wait POLLING;
    SYS_epoll_pwait POLLING;
    SYS_poll POLLING;
    SYS_ppoll POLLING;
    SYS_eventfd2 DESCRIPTOR;
    SYS_signalfd4 DESCRIPTOR;
    SYS_timerfd_create DESCRIPTOR;
    SYS_inotify_init1 DESCRIPTOR;
    SYS_inotify_add_watch WATCHING;
    SYS_pidfd_open DESCRIPTOR;
    SYS_accept4 ACCEPTING;
    SYS_bind NAMES;
    SYS_listen NAMES;
    SYS_connect SENDING;
    SYS_shutdown SETTING;
    SYS_setsockopt SETTING;
    SYS_getsockopt SETTING;
    SYS_getsockname SETTING;
    SYS_futex SLEEPING;
    SYS_mmap MEMORY;
    SYS_mremap MEMORY;
    SYS_mprotect MEMORY;
    SYS_brk MEMORY;
    SYS_mlockall MEMORY;
    SYS_clone FORKING;
    SYS_clone3 FORKING;
    SYS_wait4 WAITING;
    SYS_waitid WAITING;
    SYS_kill FORBIDDEN;
    SYS_clock_nanosleep WAITING;
    SYS_getrandom WAITING;
    SYS_stat NAMES;
    SYS_fstat NAMES;
    SYS_lstat NAMES;
    SYS_newfstatat NAMES;
    SYS_statx NAMES;
    SYS_access NAMES;
    SYS_faccessat NAMES;
    SYS_faccessat2 NAMES;
    SYS_readlink NAMES;
    SYS_readlinkat NAMES;
    SYS_getdents64 NAMES;
    SYS_lgetxattr NAMES;
    SYS_getxattr NAMES;
    SYS_unlink NAMES;
    SYS_unlinkat NAMES;
    SYS_rename NAMES;
    SYS_renameat NAMES;
    SYS_renameat2 NAMES;
    SYS_mkdir NAMES;
    SYS_chmod NAMES;
    SYS_fchmod NAMES;
    SYS_fchmodat NAMES;
    SYS_chown NAMES;
    SYS_fstatfs NAMES;
    SYS_ioctl SETTING;
    SYS_flock NAMES;
    SYS_ftruncate NAMES;
    SYS_chdir NAMES;
    SYS_getcwd NAMES;
    SYS_setsid FORBIDDEN;
    SYS_prctl FORBIDDEN;
    SYS_capset FORBIDDEN;
    SYS_setrlimit FORBIDDEN;
    SYS_prlimit64 FORBIDDEN;
    SYS_setpriority FORBIDDEN;
    SYS_close_range MEMORY;
};
