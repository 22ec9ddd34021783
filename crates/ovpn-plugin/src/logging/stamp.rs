//! How OpenVPN's lines begin: the time in each of its forms, read once and then written in the same way.

use std::ffi::c_int;

use ovpn_plugin_sys as sys;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// OpenVPN's own flags in `machine-readable-output`: what differs between the levels.
const ERROR: u32 = 0x20;
const WARNING: u32 = 0x40;
const LEVEL: u32 = 0xff00_00ff;
const NOTICE: u32 = 1;
const DEBUG: u32 = 0x4600_0087;

/// Severities of the system log.
const SYSLOG_ERROR: u32 = 3;
const SYSLOG_WARNING: u32 = 4;
const SYSLOG_NOTICE: u32 = 5;

/// A moment: since 1970, and in local time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) seconds: i64,
    pub(crate) micros: u32,
    pub(crate) year: i32,
    /// From 0.
    pub(crate) month: usize,
    pub(crate) day: i32,
    pub(crate) hour: i32,
    pub(crate) minute: i32,
    pub(crate) second: i32,
    /// From Sunday, 0.
    pub(crate) weekday: usize,
}

impl Moment {
    fn clock(&self) -> String {
        format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }

    fn month_name(&self) -> &'static str {
        MONTHS.get(self.month).copied().unwrap_or_default()
    }
}

/// The beginning of a line on standard output or in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// `suppress-timestamps`.
    None,
    /// `2026-11-27 02:36:27 `, with ` us=123456` from `verb 4` on; since OpenVPN 2.5.
    Iso { micros: bool },
    /// `Fri Nov 27 02:36:27 2026 `, likewise.
    Ctime { micros: bool },
    /// `machine-readable-output`: `1764210987.123456 20001 `; the flags are those of all levels.
    Machine { flags: u32 },
}

impl Stamp {
    /// Which it is; `None` if it is none of them.
    pub(super) fn read(head: &[u8]) -> Option<Self> {
        let head = std::str::from_utf8(head).ok()?;
        if head.is_empty() {
            return Some(Self::None);
        }
        let head = head.strip_suffix(' ')?;
        if let Some((time, flags)) = head.split_once(' ').filter(|_| shape(head).starts_with('0')) {
            let machine = time.split_once('.').is_some_and(|(seconds, micros)| {
                shape(seconds).bytes().all(|byte| byte == b'0') && shape(micros) == "000000"
            });
            if machine {
                return Some(Self::Machine { flags: u32::from_str_radix(flags, 16).ok()? & !LEVEL });
            }
        }
        let (time, micros) = match head.rsplit_once(" us=") {
            Some((time, micros)) => (time, Some(micros.parse::<u32>().ok()?)),
            None => (head, None),
        };
        let micros = micros.is_some();
        match shape(time).as_str() {
            "0000-00-00 00:00:00" => Some(Self::Iso { micros }),
            "aaa aaa 00 00:00:00 0000" | "aaa aaa  0 00:00:00 0000" => Some(Self::Ctime { micros }),
            _ => None,
        }
    }

    /// The beginning of a line of this moment.
    pub(super) fn text(self, flags: c_int, now: &Moment) -> Vec<u8> {
        let micros = |wanted: bool| {
            // As OpenVPN, which shows no zero.
            if wanted && now.micros > 0 { format!(" us={}", now.micros) } else { String::new() }
        };
        let clock = now.clock();
        let text = match self {
            Self::None => String::new(),
            Self::Iso { micros: wanted } => {
                let (year, month, day) = (now.year, now.month + 1, now.day);
                format!("{year:04}-{month:02}-{day:02} {clock}{} ", micros(wanted))
            }
            Self::Ctime { micros: wanted } => {
                let weekday = DAYS.get(now.weekday).copied().unwrap_or_default();
                let (month, day, year) = (now.month_name(), now.day, now.year);
                format!("{weekday} {month} {day:2} {clock} {year}{} ", micros(wanted))
            }
            Self::Machine { flags: common } => {
                let level = match flags {
                    sys::PLOG_ERR => NOTICE | ERROR,
                    sys::PLOG_WARN => NOTICE | WARNING,
                    sys::PLOG_NOTE => NOTICE,
                    _ => DEBUG,
                };
                format!("{}.{:06} {:x} ", now.seconds, now.micros, common | level)
            }
        };
        text.into_bytes()
    }
}

/// The beginning of a message to the system log: `<29>Nov 27 02:36:27 openvpn[123]: `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyslogStamp {
    /// Already times eight.
    facility: u32,
    /// After the time: who says it.
    tag: String,
    /// musl writes UTC where glibc writes local time.
    pub(super) utc: bool,
}

impl SyslogStamp {
    /// Takes it apart, a moment after it was made. `None` if it is none.
    pub(super) fn read(head: &[u8], local: &Moment, utc: &Moment) -> Option<Self> {
        let head = std::str::from_utf8(head).ok()?;
        let (priority, rest) = head.strip_prefix('<')?.split_once('>')?;
        let (time, tag) = rest.split_at_checked(15)?;
        if !matches!(shape(time).as_str(), "aaa 00 00:00:00" | "aaa  0 00:00:00") {
            return None;
        }
        let hour: i32 = time.get(7..9)?.parse().ok()?;
        let is_utc = hour != local.hour;
        if is_utc && hour != utc.hour {
            return None;
        }
        let facility = priority.parse::<u32>().ok()? & !7;
        Some(Self { facility, tag: tag.to_owned(), utc: is_utc })
    }

    /// The beginning of a message of this moment.
    pub(super) fn text(&self, flags: c_int, now: &Moment) -> Vec<u8> {
        let severity = match flags {
            sys::PLOG_ERR => SYSLOG_ERROR,
            sys::PLOG_WARN => SYSLOG_WARNING,
            _ => SYSLOG_NOTICE,
        };
        let (priority, tag) = (self.facility | severity, &self.tag);
        format!("<{priority}>{} {:2} {}{tag}", now.month_name(), now.day, now.clock()).into_bytes()
    }
}

/// Digits become `0`, letters `a`.
fn shape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '0'..='9' => '0',
            'a'..='z' | 'A'..='Z' => 'a',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment {
        seconds: 1_764_210_987,
        micros: 123,
        year: 2026,
        month: 10,
        day: 7,
        hour: 2,
        minute: 36,
        second: 27,
        weekday: 6,
    };

    /// Every form is written as it was read.
    #[test]
    fn the_forms_of_a_time() {
        for (read, flags, written) in [
            ("", sys::PLOG_NOTE, ""),
            ("2024-01-31 12:00:59 ", sys::PLOG_NOTE, "2026-11-07 02:36:27 "),
            ("2024-01-31 12:00:59 us=7 ", sys::PLOG_NOTE, "2026-11-07 02:36:27 us=123 "),
            ("Fri Jan 31 12:00:59 2024 ", sys::PLOG_NOTE, "Sat Nov  7 02:36:27 2026 "),
            ("Mon Jan  1 12:00:59 2024 us=77 ", sys::PLOG_NOTE, "Sat Nov  7 02:36:27 2026 us=123 "),
            ("1764210000.000009 20001 ", sys::PLOG_NOTE, "1764210987.000123 20001 "),
            ("1764210000.000009 20001 ", sys::PLOG_ERR, "1764210987.000123 20021 "),
            ("1764210000.000009 20021 ", sys::PLOG_WARN, "1764210987.000123 20041 "),
            ("1764210000.000009 20041 ", sys::PLOG_DEBUG, "1764210987.000123 46020087 "),
        ] {
            let stamp = Stamp::read(read.as_bytes()).unwrap_or_else(|| panic!("{read:?}"));
            assert_eq!(String::from_utf8(stamp.text(flags, &NOW)).unwrap(), written, "{read:?}");
        }
        for other in
            ["x", " ", "2024-01-31 ", "2024-01-31 12:00:59", "2024-01-31 12:00:59 us=x ", "7.5 20001 "]
        {
            assert_eq!(Stamp::read(other.as_bytes()), None, "{other:?}");
        }
        let no_micros = Moment { micros: 0, ..NOW };
        assert_eq!(Stamp::Iso { micros: true }.text(sys::PLOG_NOTE, &no_micros), b"2026-11-07 02:36:27 ");
    }

    #[test]
    fn the_form_of_the_system_log() {
        let utc = Moment { hour: 5, ..NOW };
        let read = |text: &str| SyslogStamp::read(text.as_bytes(), &NOW, &utc);
        let stamp = read("<29>Nov 27 02:36:27 ovpn-server[123]: ").unwrap();
        assert!(!stamp.utc);
        for (flags, priority) in [(sys::PLOG_ERR, 27), (sys::PLOG_WARN, 28), (sys::PLOG_NOTE, 29)] {
            let text = String::from_utf8(stamp.text(flags, &NOW)).unwrap();
            assert_eq!(text, format!("<{priority}>Nov  7 02:36:27 ovpn-server[123]: "));
        }
        assert!(read("<29>Nov  7 05:36:27 openvpn: ").unwrap().utc);
        for other in
            ["", "<29>", "<x>Nov 27 02:36:27 a: ", "<29>Nov 27 09:36:27 a: ", "29 Nov 27 02:36:27 a: "]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
