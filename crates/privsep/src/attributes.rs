//! What a library can change about the process it runs in, in a form that can be compared: each function appends one kind of
//! attribute to a buffer. An error is appended too, so that one that comes or goes is a difference.
//!
//! What `/proc/self/status` tells is not here.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_long};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use nix::errno::Errno;

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// The most signal numbers that Linux has.
const SIGNALS: c_int = 64;
/// keyctl(2).
const KEYCTL_GET_KEYRING_ID: c_long = 0;
const KEYCTL_SET_REQKEY_KEYRING: c_long = 14;
const KEYRINGS: [c_long; 3] = [-1, -2, -3];

/// The result of a call that returns a number, or its error.
fn feed(to: &mut Vec<u8>, result: c_long) {
    #[allow(clippy::useless_conversion)] // the type has other widths elsewhere
    let number = if result == -1 { (-Errno::last_raw()).into() } else { i64::from(result) };
    to.extend(number.to_ne_bytes());
}

fn prctl(to: &mut Vec<u8>, option: c_int, argument: c_long) {
    // SAFETY: the options that are passed here only return a number.
    feed(to, unsafe { libc::syscall(libc::SYS_prctl, c_long::from(option), argument, 0, 0, 0) });
}

/// The environment. The process must have one thread only: any other may be changing it.
pub fn environment(to: &mut Vec<u8>) {
    // SAFETY: the C library's variable; one thread reads it, and no other runs, see above.
    let mut place = unsafe { environ };
    while !place.is_null() {
        // SAFETY: the array goes on up to a null pointer, which ends the loop.
        let entry = unsafe { place.read() };
        if entry.is_null() {
            return;
        }
        // SAFETY: each entry is a string that ends in NUL.
        to.extend(unsafe { CStr::from_ptr(entry) }.to_bytes_with_nul());
        // SAFETY: this was not the null pointer at the end, so there is a next.
        place = unsafe { place.add(1) };
    }
}

/// The resource limits.
pub fn limits(to: &mut Vec<u8>) {
    for number in 0..16 {
        let mut limit = MaybeUninit::<[u64; 2]>::zeroed();
        // SAFETY: writes two numbers of 64 bits to a local; a null pointer sets nothing.
        let result = unsafe {
            libc::syscall(libc::SYS_prlimit64, 0, number, std::ptr::null::<[u64; 2]>(), limit.as_mut_ptr())
        };
        feed(to, result);
        // SAFETY: numbers, zero or written by the call.
        unsafe { limit.assume_init() }.iter().for_each(|value| to.extend(value.to_ne_bytes()));
    }
}

/// Scheduling: nice value, policy, class of input and output, processors, timer slack.
pub fn scheduling(to: &mut Vec<u8>) {
    // The first two versions of the structure, see sched_getattr(2).
    let mut attributes = [0u8; 56];
    // SAFETY: writes at most so many bytes to a local.
    let result =
        unsafe { libc::syscall(libc::SYS_sched_getattr, 0, attributes.as_mut_ptr(), attributes.len(), 0) };
    feed(to, result);
    to.extend(attributes);
    // SAFETY: takes and returns numbers; 1, 0: this process.
    feed(to, unsafe { libc::syscall(libc::SYS_ioprio_get, 1, 0) });
    let mut processors = [0u8; 1024];
    // SAFETY: writes at most so many bytes to a local.
    let result =
        unsafe { libc::syscall(libc::SYS_sched_getaffinity, 0, processors.len(), processors.as_mut_ptr()) };
    feed(to, result);
    to.extend(&processors[..usize::try_from(result).unwrap_or(0).min(processors.len())]);
    prctl(to, libc::PR_GET_TIMERSLACK, 0);
}

/// What else decides about rights.
pub fn privileges(to: &mut Vec<u8>) {
    for option in [libc::PR_GET_SECUREBITS, libc::PR_GET_DUMPABLE] {
        prctl(to, option, 0);
    }
    let mut subreaper: c_int = 0;
    // SAFETY: writes a number to a local.
    feed(to, unsafe { libc::prctl(libc::PR_GET_CHILD_SUBREAPER, &raw mut subreaper) }.into());
    to.extend(subreaper.to_ne_bytes());
    // SAFETY: this number sets nothing, and the present one is returned.
    feed(to, unsafe { libc::personality(0xffff_ffff) }.into());
}

/// Thread, process and session keyring, by their numbers; none is made. And where the kernel puts a key that somebody has
/// asked for.
pub fn keyrings(to: &mut Vec<u8>) {
    for keyring in KEYRINGS {
        // SAFETY: takes and returns numbers.
        feed(to, unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_GET_KEYRING_ID, keyring, 0) });
    }
    // SAFETY: takes and returns numbers; -1 changes nothing.
    feed(to, unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_SET_REQKEY_KEYRING, -1) });
}

/// What may be done with memory: whether it can become code, and whether it comes in huge pages.
pub fn memory(to: &mut Vec<u8>) {
    for option in [libc::PR_GET_MDWE, libc::PR_GET_THP_DISABLE] {
        prctl(to, option, 0);
    }
}

/// The interval timers that run.
pub fn interval_timers(to: &mut Vec<u8>) {
    for timer in [libc::ITIMER_REAL, libc::ITIMER_VIRTUAL, libc::ITIMER_PROF] {
        // SAFETY: plain data for which all-zero bytes are valid.
        let mut value: libc::itimerval = unsafe { std::mem::zeroed() };
        // SAFETY: writes to the local.
        feed(to, unsafe { libc::syscall(libc::SYS_getitimer, timer, &raw mut value) });
        for time in [value.it_interval, value.it_value] {
            to.push(u8::from(time.tv_sec != 0 || time.tv_usec != 0));
        }
    }
}

/// The handlers of the signals that are `caught`, a bit each, and the alternative stack.
pub fn signal_handlers(to: &mut Vec<u8>, caught: u64) {
    for number in (1..=SIGNALS).filter(|number| caught >> (number - 1) & 1 == 1) {
        // SAFETY: plain data for which all-zero bytes are valid.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: a null pointer sets nothing; writes to the local. The library keeps two numbers for itself and refuses them.
        feed(to, unsafe { libc::sigaction(number, std::ptr::null(), &raw mut action) }.into());
        to.extend(action.sa_sigaction.to_ne_bytes());
        to.extend(action.sa_flags.to_ne_bytes());
        feed_set(to, &action.sa_mask);
    }
    // SAFETY: plain data for which all-zero bytes are valid.
    let mut stack: libc::stack_t = unsafe { std::mem::zeroed() };
    // SAFETY: a null pointer sets nothing; writes to the local.
    feed(to, unsafe { libc::sigaltstack(std::ptr::null(), &raw mut stack) }.into());
    to.extend(stack.ss_sp.addr().to_ne_bytes());
}

fn feed_set(to: &mut Vec<u8>, set: &libc::sigset_t) {
    // SAFETY: takes a number and a set that was filled or is zero.
    let is_in = |number| unsafe { libc::sigismember(set, number) } == 1;
    to.extend((1..=SIGNALS).map(|number| u8::from(is_in(number))));
}

/// Session and process group.
pub fn session(to: &mut Vec<u8>) {
    // SAFETY: takes and returns a number.
    feed(to, unsafe { libc::getsid(0) }.into());
    // SAFETY: the same.
    feed(to, unsafe { libc::getpgid(0) }.into());
}

/// A descriptor, what it leads to, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Its number.
    pub number: RawFd,
    /// Device and inode.
    pub file: (u64, u64),
    /// Flags of the descriptor and of the open file.
    pub flags: (c_int, c_int),
}

/// A descriptor, if it is open.
pub fn descriptor(number: RawFd) -> Option<Descriptor> {
    let mut file = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: writes to the local.
    if unsafe { libc::fstat(number, file.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: plain data, zero or written by the call.
    let file = unsafe { file.assume_init() };
    // SAFETY: reads flags only.
    let own = unsafe { libc::fcntl(number, libc::F_GETFD) };
    // SAFETY: as above.
    let shared = unsafe { libc::fcntl(number, libc::F_GETFL) };
    #[allow(clippy::useless_conversion)] // the fields have other widths elsewhere
    Some(Descriptor { number, file: (file.st_dev.into(), file.st_ino.into()), flags: (own, shared) })
}

/// How many descriptors are open, where the kernel (Linux 6.2 or later) says so as the size of `/proc/self/fd`.
pub fn open_descriptors() -> Option<usize> {
    let directory = std::fs::metadata("/proc/self/fd").ok()?;
    usize::try_from(directory.len()).ok().filter(|count| *count > 0)
}

/// Whether a descriptor is a connection over a UNIX socket, closed on exec, with a process of root's that is not this one.
pub fn leads_to_a_service_of_roots(descriptor: &Descriptor) -> bool {
    let option = |name: c_int, value: &mut [u32; 3], size: usize| {
        let mut size = libc::socklen_t::try_from(size).unwrap_or(0);
        // SAFETY: writes at most `size` bytes to the local; a number that is no socket is an error.
        let done = unsafe {
            libc::getsockopt(
                descriptor.number,
                libc::SOL_SOCKET,
                name,
                value.as_mut_ptr().cast(),
                &raw mut size,
            )
        };
        done == 0
    };
    let (mut domain, mut peer) = ([0; 3], [0; 3]);
    descriptor.flags.0 & libc::FD_CLOEXEC != 0
        && option(libc::SO_DOMAIN, &mut domain, 4)
        && i32::try_from(domain[0]) == Ok(libc::AF_UNIX)
        // Process, user, group.
        && option(libc::SO_PEERCRED, &mut peer, 12)
        && peer[0] != std::process::id()
        && peer[1] == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helper::{fork_child, leave};

    fn of(read: fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut all = Vec::new();
        read(&mut all);
        all
    }

    /// What the modules of the worker's tests do not: each attribute is the same when nothing was changed, and another after
    /// a change. In a process of its own.
    #[test]
    fn what_is_not_changed_is_the_same() {
        let all: [fn(&mut Vec<u8>); 9] = [
            environment,
            limits,
            scheduling,
            privileges,
            keyrings,
            memory,
            interval_timers,
            |to| signal_handlers(to, u64::MAX),
            session,
        ];
        let child = fork_child(|| {
            let once = all.map(of);
            leave(i32::from(once != all.map(of)))
        });
        let child = child.unwrap();
        use nix::sys::wait::{WaitStatus, waitpid};
        assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
    }
}
