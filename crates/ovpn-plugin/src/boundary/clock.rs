//! The time of day as OpenVPN writes it, from the same C library, and a clock that costs next to nothing.
#![allow(unsafe_code)]

use std::time::Duration;

/// Time since some moment, exact to a few milliseconds: for what is measured at every event.
#[cfg(target_os = "linux")]
pub(crate) fn coarse() -> Duration {
    let mut now = std::mem::MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: a clock that Linux has, and a place for its time; zero is a time, too, should it fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, now.as_mut_ptr()) };
    // SAFETY: filled, or zero.
    let now = unsafe { now.assume_init() };
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// The same where there is no such clock.
#[cfg(not(target_os = "linux"))]
pub(crate) fn coarse() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(unix)]
use crate::logging::Moment;

/// Now, in local time or in UTC.
#[cfg(unix)]
pub(crate) fn now(utc: bool) -> Option<Moment> {
    use std::mem::MaybeUninit;
    use std::time::{SystemTime, UNIX_EPOCH};

    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    // The type is inferred: libc warns of its name on musl, where its width will change.
    let seconds = since.as_secs().try_into().ok()?;
    let mut parts = MaybeUninit::<libc::tm>::uninit();
    let convert = if utc { libc::gmtime_r } else { libc::localtime_r };
    // SAFETY: a time, and a place for its parts.
    let filled = unsafe { convert(&raw const seconds, parts.as_mut_ptr()) };
    if filled.is_null() {
        return None;
    }
    // SAFETY: not null, so it was filled.
    let parts = unsafe { parts.assume_init() };
    Some(Moment {
        seconds: i64::try_from(since.as_secs()).ok()?,
        micros: since.subsec_micros(),
        year: parts.tm_year + 1900,
        month: usize::try_from(parts.tm_mon).ok()?,
        day: parts.tm_mday,
        hour: parts.tm_hour,
        minute: parts.tm_min,
        second: parts.tm_sec,
        weekday: usize::try_from(parts.tm_wday).ok()?,
    })
}
