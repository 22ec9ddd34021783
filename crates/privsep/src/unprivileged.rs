//! A process that gives up all it does not need, for good: it keeps the descriptors it holds, can talk over them, use memory
//! and read the clock, and nothing else. It opens no file, starts no program, signals nobody.

use nix::errno::Errno;

use crate::capabilities::{self, Capabilities};
use crate::code_pages;
use crate::seccomp::{self, Rule};
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
use crate::seccomp::{Then, When};

/// What was not possible.
#[derive(Debug, Default)]
pub struct Missing {
    /// Capabilities were not given up, because of this.
    pub capabilities: Option<Errno>,
    /// There is no filter of system calls, because of this.
    pub filter: Option<Errno>,
}

/// What a process may keep.
#[derive(Debug, Default, Clone, Copy)]
pub struct Keeps {
    /// Its memory is locked, so it may go on locking memory.
    pub locked_memory: bool,
    /// It listens at a [`LocalSocket`](crate::local_socket::LocalSocket), so it may let callers in, and ask the kernel who they
    /// are.
    pub callers: bool,
}

/// Gives up everything else.
pub fn enter(keeps: Keeps) -> Missing {
    code_pages::hold_open();
    let keep = if keeps.locked_memory { Capabilities::IPC_LOCK } else { Capabilities::NONE };
    let capabilities = capabilities::give_up_for_good(keep).err();
    let _ = nix::sys::prctl::set_dumpable(false);
    let filter =
        nix::sys::prctl::set_no_new_privs().and_then(|()| seccomp::allow_only(&rules(keeps.callers))).err();
    Missing { capabilities, filter }
}

/// The calls, in the order of how often they are made.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
fn rules(callers: bool) -> Vec<Rule> {
    use When::{Always, Both, Is, Null};
    let unix = libc::AF_UNIX.unsigned_abs();
    let closed_packets = (libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC).unsigned_abs();
    let mut allowed = vec![
        // What it holds: sockets, a pipe, the set of events, the source of random numbers.
        (libc::SYS_epoll_pwait, Always),
        (libc::SYS_recvmsg, Always),
        (libc::SYS_sendmsg, Always),
        (libc::SYS_read, Always),
        (libc::SYS_pread64, Always),
        (libc::SYS_write, Always),
        (libc::SYS_epoll_ctl, Always),
        (libc::SYS_ppoll, Always),
        (libc::SYS_close, Always),
        // To the system log over a connection that somebody else has made.
        (libc::SYS_sendto, Null(4)),
        // Channels to workers. A datagram of theirs goes to the other end only, whatever address it names.
        (libc::SYS_socketpair, Both([(0, unix), (1, closed_packets)])),
        (libc::SYS_fcntl, Is(1, libc::F_DUPFD_CLOEXEC.unsigned_abs())),
        (libc::SYS_fcntl, Is(1, libc::F_GETFD.unsigned_abs())),
    ];
    #[cfg(target_arch = "x86_64")]
    allowed.extend([(libc::SYS_epoll_wait, Always), (libc::SYS_poll, Always)]);
    if callers {
        let number = |number: libc::c_int| number.unsigned_abs();
        let credentials = Both([(1, number(libc::SOL_SOCKET)), (2, number(libc::SO_PEERCRED))]);
        allowed.extend([
            (libc::SYS_accept4, Is(3, number(libc::SOCK_CLOEXEC))),
            (libc::SYS_getsockopt, credentials),
        ]);
    }
    allowed.extend(everyday());
    with_failing(allowed)
}

/// What any program needs: memory, the clock, its own end.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
pub(crate) fn everyday() -> Vec<(libc::c_long, When)> {
    use When::{Always, Without};
    let executable = libc::PROT_EXEC.unsigned_abs();
    vec![
        // Memory, but no code.
        (libc::SYS_brk, Always),
        (libc::SYS_mmap, Without(2, executable)),
        (libc::SYS_mprotect, Without(2, executable)),
        (libc::SYS_munmap, Always),
        (libc::SYS_mremap, Always),
        (libc::SYS_madvise, Always),
        // Time, random numbers, itself.
        (libc::SYS_clock_gettime, Always),
        (libc::SYS_gettimeofday, Always),
        (libc::SYS_clock_nanosleep, Always),
        (libc::SYS_nanosleep, Always),
        (libc::SYS_getrandom, Always),
        (libc::SYS_futex, Always),
        (libc::SYS_sched_yield, Always),
        (libc::SYS_getpid, Always),
        (libc::SYS_gettid, Always),
        // Signals that do nothing, or that stop it for a while; its end.
        (libc::SYS_rt_sigreturn, Always),
        (libc::SYS_restart_syscall, Always),
        (libc::SYS_rt_sigprocmask, Always),
        (libc::SYS_exit, Always),
        (libc::SYS_exit_group, Always),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_time, Always),
    ]
}

/// These calls are made; those that open or look at a file by its path, and are not among them, fail.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
pub(crate) fn with_failing(allowed: Vec<(libc::c_long, When)>) -> Vec<Rule> {
    let failing = [
        libc::SYS_openat,
        libc::SYS_openat2,
        libc::SYS_newfstatat,
        libc::SYS_statx,
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_readlinkat,
        libc::SYS_getcwd,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_stat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_lstat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_access,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_readlink,
    ];
    // None is negative, or that large.
    let number = |call| u32::try_from(call).unwrap_or(u32::MAX);
    let allowed =
        allowed.into_iter().map(|(call, when)| Rule { call: number(call), when, then: Then::Allow });
    let failing =
        failing.into_iter().map(|call| Rule { call: number(call), when: When::Always, then: Then::Fail });
    allowed.chain(failing).collect()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
fn rules(_: bool) -> Vec<Rule> {
    Vec::new()
}
