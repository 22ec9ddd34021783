//! A verdict and how it is delivered: first the reason file, then the control file, then the front.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// What was decided about a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The client may come in.
    Accepted,
    /// It may not.
    Rejected,
    /// It may not now, through no fault of its own; it should try again.
    Temporary {
        /// For the person at the client.
        text: &'static str,
        /// When to try again, if at the same server.
        backoff: Duration,
        /// Where to try again.
        advance: Advance,
    },
}

/// Where a client that has to try again does so, if it knows several servers. The words are those of OpenVPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// At the same address.
    No,
    /// At the next address of the same `remote`.
    Addr,
    /// At the next `remote`.
    Remote,
}

impl Advance {
    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "no" => Advance::No,
            "addr" => Advance::Addr,
            "remote" => Advance::Remote,
            _ => return None,
        })
    }
}

impl Verdict {
    /// Whether the client may come in.
    pub fn accepted(&self) -> bool {
        *self == Verdict::Accepted
    }

    /// What belongs into the reason file, for a client that understands temporary failures (since OpenVPN 2.6).
    fn reason(&self) -> Option<String> {
        match self {
            // Another server need not be waited for; a client that finds all of them so slows down by itself.
            Verdict::Temporary { text, advance: Advance::Addr, .. } => {
                Some(format!("TEMP[advance addr]: {text}"))
            }
            Verdict::Temporary { text, advance: Advance::Remote, .. } => {
                Some(format!("TEMP[advance remote]: {text}"))
            }
            Verdict::Temporary { text, backoff, advance: Advance::No } => {
                Some(format!("TEMP[backoff {},advance no]: {text}", backoff.as_secs()))
            }
            Verdict::Accepted | Verdict::Rejected => None,
        }
    }
}

/// The files a verdict goes to, as far as there are any.
#[derive(Debug, Default)]
pub struct Files {
    /// `auth_control_file`.
    pub control: Option<File>,
    /// `auth_failed_reason_file`.
    pub reason: Option<File>,
}

impl Files {
    /// From descriptors, in the order the front passes them.
    pub fn new(control: Option<OwnedFd>, reason: Option<OwnedFd>) -> Self {
        Files { control: control.map(File::from), reason: reason.map(File::from) }
    }

    /// Writes the verdict. OpenVPN looks at the reason when it sees the control file filled, so that is written last.
    ///
    /// Errors: the control file could not be written; OpenVPN will refuse the login when its own time is over.
    pub fn write(&self, verdict: &Verdict, client_understands_temporary: bool) -> io::Result<()> {
        if let (Some(file), Some(text), true) = (&self.reason, verdict.reason(), client_understands_temporary)
        {
            // Without its reason a rejection is still a rejection.
            let _ = file.write_all_at(text.as_bytes(), 0);
        }
        match &self.control {
            Some(file) => file.write_all_at(if verdict.accepted() { b"1" } else { b"0" }, 0),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Seek};

    fn written(verdict: &Verdict, temporary: bool) -> (String, String) {
        let (control, reason) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        let files =
            Files { control: Some(control.try_clone().unwrap()), reason: Some(reason.try_clone().unwrap()) };
        files.write(verdict, temporary).unwrap();
        let read = |mut file: File| {
            let mut text = String::new();
            file.rewind().unwrap();
            file.read_to_string(&mut text).unwrap();
            text
        };
        (read(control), read(reason))
    }

    #[test]
    fn one_byte_says_it() {
        assert_eq!(written(&Verdict::Accepted, true), ("1".into(), String::new()));
        assert_eq!(written(&Verdict::Rejected, true), ("0".into(), String::new()));
    }

    #[test]
    fn a_temporary_failure_tells_clients_that_understand_it_when_and_where_to_come_back() {
        for (advance, reason) in [
            (Advance::No, "TEMP[backoff 7,advance no]: busy"),
            (Advance::Addr, "TEMP[advance addr]: busy"),
            (Advance::Remote, "TEMP[advance remote]: busy"),
        ] {
            let verdict = Verdict::Temporary { text: "busy", backoff: Duration::from_secs(7), advance };
            assert_eq!(written(&verdict, true), ("0".into(), reason.into()));
            assert_eq!(written(&verdict, false), ("0".into(), String::new()));
        }
    }

    #[test]
    fn without_files_there_is_nothing_to_write() {
        assert!(Files::default().write(&Verdict::Accepted, true).is_ok());
    }
}
