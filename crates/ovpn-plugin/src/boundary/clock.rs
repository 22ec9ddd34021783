//! The time of day as OpenVPN writes it, from the same C library.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::logging::Moment;

/// Now, in local time or in UTC.
pub(crate) fn now(utc: bool) -> Option<Moment> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let seconds = libc::time_t::try_from(since.as_secs()).ok()?;
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
