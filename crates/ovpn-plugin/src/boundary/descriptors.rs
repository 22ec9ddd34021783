//! Room in the kernel's table of descriptors, made before a plugin has threads.
#![allow(unsafe_code)]

/// Numbers below this have room afterwards, as far as the limit on open files allows. The table takes 32 KiB of them.
#[cfg(unix)]
const WANTED: libc::rlim_t = 4096;

/// Makes the table as large as it will be needed. It doubles when it is full, and in a process with threads the kernel
/// then waits until no processor uses the old one: milliseconds in which OpenVPN would stand still, in the middle of an
/// event that opens a file.
#[cfg(unix)]
pub(crate) fn make_room() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call writes to the local.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return;
    }
    let Ok(highest) = libc::c_int::try_from(limit.rlim_cur.min(WANTED).saturating_sub(1)) else { return };
    // SAFETY: 0 is only looked at; if it is not open the call fails. The new descriptor is nobody else's.
    let copy = unsafe { libc::fcntl(0, libc::F_DUPFD_CLOEXEC, highest) };
    if copy >= 0 {
        // SAFETY: it was made here, and nobody else knows of it. The table stays as large as it is.
        unsafe { libc::close(copy) };
    }
}

/// There is no such table here.
#[cfg(not(unix))]
pub(crate) fn make_room() {}

/// How many files this process may have open.
#[cfg(unix)]
pub(crate) fn open_files_limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call writes to the local.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0;
    #[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions)]
    // other widths and signs elsewhere
    known.then(|| limit.rlim_cur.try_into().unwrap_or(u64::MAX))
}

/// There is no such limit here.
#[cfg(not(unix))]
pub(crate) fn open_files_limit() -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_afterwards() {
        make_room();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let size = status.lines().find_map(|line| line.strip_prefix("FDSize:")).unwrap().trim();
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the call writes to the local.
        unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
        assert!(size.parse::<libc::rlim_t>().unwrap() >= limit.rlim_cur.min(WANTED), "{size}");
    }
}
