//! Keeps OpenVPN's signals away from threads of a plugin: OpenVPN waits for them in its own thread.
#![allow(unsafe_code)]

/// The signals OpenVPN has handlers for.
#[cfg(unix)]
const OPENVPNS: [libc::c_int; 5] = [libc::SIGHUP, libc::SIGINT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2];

/// Runs `start` with OpenVPN's signals blocked in this thread, so that a thread started in it never takes one. Others are
/// left as they are: what the thread starts as a program inherits the mask.
#[cfg(unix)]
pub(crate) fn without_signals<R>(start: impl FnOnce() -> R) -> R {
    use std::mem::MaybeUninit;

    let mut set = empty_set();
    for signal in OPENVPNS {
        // SAFETY: the set was made above, and this is a signal's number.
        unsafe { libc::sigaddset(&raw mut set, signal) };
    }
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the first is a set; the second is a place for one.
    let changed = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, before.as_mut_ptr()) } == 0;
    // SAFETY: the call above filled the set if it did anything.
    let _mask = changed.then(|| Mask(unsafe { before.assume_init() }));
    start()
}

/// A thread's mask, which comes back when this is dropped: also when what runs meanwhile panics.
#[cfg(unix)]
struct Mask(libc::sigset_t);

#[cfg(unix)]
impl Drop for Mask {
    fn drop(&mut self) {
        // SAFETY: a set that was the mask before; null asks for nothing back.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}

#[cfg(unix)]
fn empty_set() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: a place for a set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: sigemptyset() filled it.
    unsafe { set.assume_init() }
}

/// A program to be started with no signal blocked.
///
/// A program inherits what the thread that starts it has blocked, and a task of [`Tasks`](crate::Tasks) has OpenVPN's
/// signals blocked: `timeout`, shells and others would not end when they are asked to.
///
/// ```
/// let status = ovpn_plugin::command("true").status()?;
/// assert!(status.success());
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg(unix)]
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> std::process::Command {
    use std::os::unix::process::CommandExt;

    let mut command = std::process::Command::new(program);
    let unblock = || {
        let none = empty_set();
        // SAFETY: a set; null asks for nothing back.
        let error =
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut()) };
        if error == 0 { Ok(()) } else { Err(std::io::Error::from_raw_os_error(error)) }
    };
    // SAFETY: sigemptyset() and pthread_sigmask() may be called between fork and exec, and nothing is allocated.
    unsafe { command.pre_exec(unblock) };
    command
}

/// A program to be started; there are no signals here that could be blocked.
#[cfg(not(unix))]
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> std::process::Command {
    std::process::Command::new(program)
}

/// There are no such signals here.
#[cfg(not(unix))]
pub(crate) fn without_signals<R>(start: impl FnOnce() -> R) -> R {
    start()
}
