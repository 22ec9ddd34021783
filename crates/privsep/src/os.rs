//! The system calls nix has no safe wrapper for. One of the files that may hold `unsafe`.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal};
use nix::unistd::{ForkResult, Pid};

crate::wire! {
    /// How a child ended.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Ended {
        /// It left with this status.
        0 => Exited(status: i32),
        /// This signal killed it.
        1 => Killed(signal: i32),
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Ended::Exited(status) => write!(f, "exited with status {status}"),
            Ended::Killed(number) => write!(f, "was killed by {}", signal_name(number)),
        }
    }
}

/// The name of a signal, for log lines.
#[must_use]
pub fn signal_name(number: i32) -> String {
    Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_string())
}

/// Forks. In the child `run` is called and must not come back; if it does, or panics, the child leaves with `_exit`.
///
/// The child starts with every signal blocked, and unblocks them itself. A signal to the parent's whole process group may
/// arrive while the child still looks like its parent, and must find it set up.
///
/// Errors: `EAGAIN` at a process limit, `ENOMEM`.
pub(crate) fn fork(run: impl FnOnce() -> std::convert::Infallible) -> nix::Result<Pid> {
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    // SAFETY: the child only runs `run` and then `_exit`; it never returns to the frames of the caller, so
    // no destructor there runs twice. The host is single-threaded at its plugin calls, and glibc
    // and musl keep their allocator usable in the child of a threaded process, so `run` may allocate.
    let forked = match unsafe { nix::unistd::fork() } {
        Ok(ForkResult::Parent { child }) => Ok(child),
        Err(errno) => Err(errno),
        Ok(ForkResult::Child) => {
            // Forgotten, not dropped: the destructor of a panic's payload may panic too.
            std::mem::forget(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)));
            exit_now(70) // EX_SOFTWARE: only a panic comes here
        }
    };
    let _ = before.thread_set_mask();
    forked
}

/// Waits for a child (`-1`: any) to end; `None` when `wait` is false and none has. Works for every signal number, also for
/// that by which a child of clone(2) tells its end, or none.
///
/// Errors: `ECHILD` when there is no such child.
pub(crate) fn wait_for(child: Pid, wait: bool) -> nix::Result<Option<(Pid, Ended)>> {
    let mut status = 0;
    let flags = libc::__WALL | if wait { 0 } else { libc::WNOHANG };
    loop {
        // SAFETY: `status` is a local the call may write to; the call touches nothing else of this process.
        match Errno::result(unsafe { libc::waitpid(child.as_raw(), &raw mut status, flags) }) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
            Ok(0) => return Ok(None),
            Ok(pid) if libc::WIFEXITED(status) => {
                return Ok(Some((Pid::from_raw(pid), Ended::Exited(libc::WEXITSTATUS(status)))));
            }
            Ok(pid) => return Ok(Some((Pid::from_raw(pid), Ended::Killed(libc::WTERMSIG(status))))),
        }
    }
}

/// A close-on-exec descriptor of a process, readable when it has ended (pidfd_open(2), Linux 5.3).
pub(crate) fn open_process(process: Pid) -> nix::Result<OwnedFd> {
    // SAFETY: takes two numbers.
    let opened = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, process.as_raw(), 0) })?;
    let number = RawFd::try_from(opened).map_err(|_| Errno::EOVERFLOW)?;
    // SAFETY: the call has just made this descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// A child that has ended and is not reaped yet: as long as it is not, its number and its process group are its own.
///
/// Errors: `ECHILD` when there are no children.
pub(crate) fn peek_ended() -> nix::Result<Option<Pid>> {
    // SAFETY: siginfo_t is plain data for which all-zero bytes are valid.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: `info` is a local the call may write to.
    Errno::result(unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, flags) })?;
    // SAFETY: after waitid the field is that of a child's end, or still zero.
    let pid = unsafe { info.si_pid() };
    Ok((pid != 0).then(|| Pid::from_raw(pid)))
}

/// Leaves the process without running exit handlers: those belong to the program this process was forked from.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(status) }
}

/// Sets a signal's disposition.
pub(crate) fn set_disposition(signal: Signal, handler: Disposition) {
    let handler = match handler {
        Disposition::Default => SigHandler::SigDfl,
        Disposition::Ignore => SigHandler::SigIgn,
        Disposition::Nothing => SigHandler::Handler(nothing),
    };
    // SAFETY: the only function among the handlers does nothing, which is allowed in signal context, and a forked child
    // does not unload it. The call fails only for SIGKILL and SIGSTOP, whose dispositions are fixed anyway.
    let _ = unsafe { nix::sys::signal::signal(signal, handler) };
}

/// Gives the real-time signals their default disposition.
pub(crate) fn reset_realtime_signals() {
    for number in libc::SIGRTMIN()..=libc::SIGRTMAX() {
        // SAFETY: the default disposition is no function; an invalid number only makes the call fail.
        unsafe { libc::signal(number, libc::SIG_DFL) };
    }
}

/// Stops the three interval timers (alarm(2) uses the first).
pub(crate) fn stop_timers() {
    for timer in [libc::ITIMER_REAL, libc::ITIMER_VIRTUAL, libc::ITIMER_PROF] {
        // SAFETY: itimerval is plain data for which all-zero bytes are valid, and mean: stopped.
        let stopped: libc::itimerval = unsafe { std::mem::zeroed() };
        // SAFETY: reads the local; a null third argument asks for nothing back.
        unsafe { libc::setitimer(timer, &raw const stopped, std::ptr::null_mut()) };
    }
}

extern "C" fn nothing(_signal: libc::c_int) {}

/// The dispositions a helper uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// What the system does by default.
    Default,
    /// Nothing happens, neither here nor in a program that is started: that inherits it.
    Ignore,
    /// Nothing happens here (a call may be interrupted); a program that is started gets the default.
    Nothing,
}

/// Adds to the nice value.
pub(crate) fn lower_priority(by: i32) {
    // SAFETY: takes a number; a failure leaves the value as it was.
    unsafe { libc::nice(by) };
}

/// Gives heap pages that hold nothing back to the system, where the C library can (glibc).
pub(crate) fn trim_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: touches only what the allocator itself holds as free.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Writes what the C library holds back of what was printed through it: into a pipe it collects 4 KiB first.
pub(crate) fn flush_c_output() {
    // SAFETY: a null pointer stands for all open streams; the library locks each.
    unsafe {
        libc::fflush(std::ptr::null_mut());
    }
}

/// Closes the descriptors `first..=last`; what is not open is passed over.
pub(crate) fn close_between(first: RawFd, last: RawFd) {
    let (Ok(from), Ok(to)) = (u32::try_from(first), u32::try_from(last)) else { return };
    if from > to {
        return;
    }
    // SAFETY: the caller is a freshly forked child that owns none of these descriptors in Rust's sense: every value
    // that holds one belongs to the parent's frames, to which the child does not return.
    let done = unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) };
    if done == 0 {
        return;
    }
    // Kernels before 5.9 (and some sandboxes) have no close_range: one by one, up to the limit on open files.
    let limit = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE)
        .map_or(1024, |(soft, _)| soft.min(1 << 20));
    let end = RawFd::try_from(limit).unwrap_or(1024).min(last.saturating_add(1));
    for number in first..end {
        // SAFETY: as above.
        unsafe { libc::close(number) };
    }
}

/// Makes `number`, if it is open, a close-on-exec duplicate of `source`; whether that was done.
pub(crate) fn put_over(source: BorrowedFd<'_>, number: RawFd) -> bool {
    // SAFETY: reads flags only.
    let open = unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0;
    // SAFETY: as for close_between: the owner of the number is in frames the child does not return to.
    open && unsafe { libc::dup3(source.as_raw_fd(), number, libc::O_CLOEXEC) } >= 0
}

/// Makes the kernel send SIGKILL to this process when the last writer of the pipe behind `read_end` is gone; to its
/// whole process group if it leads one.
pub(crate) fn kill_me_on_hangup(read_end: BorrowedFd<'_>) -> nix::Result<()> {
    let me = nix::unistd::getpid();
    let leads = nix::unistd::getpgrp() == me;
    kill_on_hangup(read_end, Pid::from_raw(if leads { -me.as_raw() } else { me.as_raw() }))
}

/// The same for another process, or for the process group of that number without its sign.
pub(crate) fn kill_on_hangup(read_end: BorrowedFd<'_>, owner: Pid) -> nix::Result<()> {
    let number = read_end.as_raw_fd();
    // SAFETY: fcntl with integer arguments on a descriptor that is open for the call.
    Errno::result(unsafe { libc::fcntl(number, libc::F_SETOWN, owner.as_raw()) })?;
    // SAFETY: as above; F_SETSIG (10, Linux) takes a signal number.
    Errno::result(unsafe { libc::fcntl(number, 10, libc::SIGKILL) })?;
    // SAFETY: as above.
    Errno::result(unsafe { libc::fcntl(number, libc::F_SETFL, libc::O_ASYNC | libc::O_NONBLOCK) }).map(drop)
}

/// Locks a file for all who share this description of it, without waiting.
pub(crate) fn lock_file(file: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: takes the number of a descriptor that is open during the call.
    Errno::result(unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) }).map(drop)
}

/// A duplicate as `how`, one of the two duplicating commands of fcntl(2), has it.
pub(crate) fn duplicate(descriptor: BorrowedFd<'_>, how: FcntlArg<'_>) -> nix::Result<OwnedFd> {
    if !matches!(how, FcntlArg::F_DUPFD(_) | FcntlArg::F_DUPFD_CLOEXEC(_)) {
        return Err(Errno::EINVAL);
    }
    let number = fcntl(descriptor, how)?;
    // SAFETY: fcntl has just made this descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// The value of an extended attribute, if the file has it; a link is not followed.
pub(crate) fn attribute(path: &std::path::Path, name: &CStr) -> nix::Result<Option<Vec<u8>>> {
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)?;
    // The longest the kernel lets one be.
    let mut value = vec![0u8; 64 * 1024];
    let (start, room) = (value.as_mut_ptr().cast(), value.len());
    // SAFETY: two strings that end in NUL, and a buffer of `room` bytes, all alive during the call.
    match Errno::result(unsafe { libc::lgetxattr(path.as_ptr(), name.as_ptr(), start, room) }) {
        Ok(length) => {
            value.truncate(usize::try_from(length).unwrap_or(0));
            Ok(Some(value))
        }
        Err(Errno::ENODATA | Errno::EOPNOTSUPP) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// How [`rename`] treats what has the new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rename {
    /// There may be nothing: `EEXIST`.
    ToNewName,
    /// It gets the old name, in the same moment.
    Swapping,
}

/// Renames a file, in one step.
pub(crate) fn rename(from: &std::path::Path, to: &std::path::Path, how: Rename) -> nix::Result<()> {
    let path = |path: &std::path::Path| CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL);
    let (from, to) = (path(from)?, path(to)?);
    let flags = match how {
        Rename::ToNewName => libc::RENAME_NOREPLACE,
        Rename::Swapping => libc::RENAME_EXCHANGE,
    };
    let here = libc::AT_FDCWD;
    // SAFETY: two strings that end in NUL and live during the call, and numbers.
    let done = unsafe { libc::syscall(libc::SYS_renameat2, here, from.as_ptr(), here, to.as_ptr(), flags) };
    Errno::result(done).map(drop)
}

/// Sends one packet with descriptors. Never raises SIGPIPE. `wait` false: `EAGAIN` instead of blocking.
pub(crate) fn send_packet(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    pass: &[BorrowedFd<'_>],
    wait: bool,
) -> nix::Result<usize> {
    use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg};
    let numbers: Vec<RawFd> = pass.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let control = if numbers.is_empty() { &rights[..0] } else { &rights[..] };
    let flags = MsgFlags::MSG_NOSIGNAL | if wait { MsgFlags::empty() } else { MsgFlags::MSG_DONTWAIT };
    sendmsg::<UnixAddr>(socket.as_raw_fd(), &[io::IoSlice::new(bytes)], control, flags, None)
}

/// The most descriptors a packet may bring.
const MAX_DESCRIPTORS: usize = 4;
/// The most that the kernel lets one bring (SCM_MAX_FD).
const MOST_DESCRIPTORS: usize = 253;

/// What one packet brought.
pub(crate) struct Packet {
    /// Bytes written to the buffer; 0 is end of file.
    pub length: usize,
    /// Descriptors that came along, close-on-exec.
    pub descriptors: Vec<OwnedFd>,
    /// The packet is longer than the buffer, or more descriptors came than any message has.
    pub too_much: bool,
    /// Descriptors are missing: this process is at its limit.
    pub descriptors_missing: bool,
    /// Who has sent it, as the kernel says; only for a socket that asks for it.
    pub sender: Option<libc::ucred>,
}

/// Receives one packet. `wait` false: `EAGAIN` when there is none; true: only when the socket's own time limit is over.
/// `senders`: the socket asks who sends.
///
/// There is room for all that a packet can bring: what finds no room is closed by the kernel, in this process, and to close
/// a descriptor of somebody else's can mean to wait for him.
pub(crate) fn receive_packet(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    senders: bool,
    wait: bool,
) -> nix::Result<Packet> {
    // Room for a header and the numbers.
    const SPACE: usize = 16 + MOST_DESCRIPTORS * size_of::<RawFd>();
    // And before that for a header and who sent it, which comes first.
    const SENDER: usize = (16 + size_of::<libc::ucred>()).next_multiple_of(8);
    #[repr(C, align(16))]
    struct Control([u8; SPACE + SENDER]);
    let mut control = Control([0; SPACE + SENDER]);
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: msghdr is plain data for which all-zero bytes are valid (null pointers, zero lengths).
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = (SPACE + if senders { SENDER } else { 0 }) as _;
    let flags = libc::MSG_CMSG_CLOEXEC | if wait { 0 } else { libc::MSG_DONTWAIT };
    // SAFETY: the header points at a buffer and a control area that both live, and are writable, for the whole call.
    let length = Errno::result(unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, flags) })?;
    let mut descriptors = Vec::new();
    let mut sender = None;
    // SAFETY: the kernel filled the control area of this header; the macros stay within msg_controllen.
    let mut entry = unsafe { libc::CMSG_FIRSTHDR(&raw const header) };
    while !entry.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR return only pointers to complete, aligned headers in the control area.
        let head = unsafe { entry.read() };
        if head.cmsg_level == libc::SOL_SOCKET && head.cmsg_type == libc::SCM_RIGHTS {
            // SAFETY: pure arithmetic.
            let offset = unsafe { libc::CMSG_LEN(0) } as usize;
            #[allow(clippy::unnecessary_cast)] // the field is 32 bits wide with musl
            let count = (head.cmsg_len as usize).saturating_sub(offset) / size_of::<RawFd>();
            // SAFETY: the data follows the header, inside the control area.
            let numbers = unsafe { libc::CMSG_DATA(entry) }.cast::<RawFd>();
            for index in 0..count {
                // SAFETY: cmsg_len says that `count` numbers are there.
                let place = unsafe { numbers.add(index) };
                // SAFETY: inside the initialised control area; read_unaligned asks for no alignment.
                let number = unsafe { place.read_unaligned() };
                // SAFETY: the kernel has just made this descriptor for this process; nobody else owns it.
                descriptors.push(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
        if head.cmsg_level == libc::SOL_SOCKET && head.cmsg_type == libc::SCM_CREDENTIALS {
            // SAFETY: the data follows the header, inside the control area.
            let place = unsafe { libc::CMSG_DATA(entry) }.cast::<libc::ucred>();
            // SAFETY: a header of this kind is followed by a ucred; read_unaligned asks for no alignment.
            sender = Some(unsafe { place.read_unaligned() });
        }
        // SAFETY: as for CMSG_FIRSTHDR; `entry` is a header of this message.
        entry = unsafe { libc::CMSG_NXTHDR(&raw const header, entry) };
    }
    let cut = header.msg_flags & libc::MSG_CTRUNC != 0;
    let too_much = header.msg_flags & libc::MSG_TRUNC != 0 || descriptors.len() > MAX_DESCRIPTORS;
    let length = usize::try_from(length).unwrap_or(0);
    Ok(Packet { length, descriptors, too_much, descriptors_missing: cut, sender })
}
