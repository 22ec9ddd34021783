//! Everything that crosses a process border, on one page. One type per direction; every length is bounded before
//! anything is allocated; an unknown tag, a missing descriptor or a left-over byte is an error that ends the receiver.
//!
//! ```text
//!   front  --Ask-->     supervisor  --Job-->     worker
//!   front  <--Answer--  supervisor  <--Report--  worker
//! ```

use std::time::Duration;

use privsep::{Message, Reader, WireError, Writer};
use secret::Secret;

/// Longest username, password, response or common name, in bytes (OpenVPN's own limit in builds with PKCS#11).
pub const MAX_CREDENTIAL: usize = 4096;
/// Longest client address, in bytes; an IPv6 address with scope fits.
pub const MAX_ADDRESS: usize = 128;
/// Longest text a worker reports, in bytes.
pub const MAX_TEXT: usize = 1024;

/// Room for what the other side has not read yet, in each direction between front and supervisor: a burst of logins
/// must not stop OpenVPN.
pub const SOCKET_BYTES: usize = 4 << 20;

/// What a client sent to log in.
#[derive(Debug)]
pub struct Login {
    /// Name as the client sent it.
    pub username: Vec<u8>,
    /// Password; without the wrapping of a static challenge.
    pub password: Secret,
    /// Response to a static challenge; empty when there was none.
    pub response: Secret,
    /// Common name of the client's certificate; empty without one.
    pub common_name: Vec<u8>,
    /// Address the client comes from, for `PAM_RHOST`; empty when unknown.
    pub address: Vec<u8>,
}

/// Front to supervisor.
#[derive(Debug)]
pub enum Ask {
    /// Check a login. Descriptors: control file, then reason file, as far as the flags say.
    Check(Check),
    /// The front has refused a login by itself; for the audit line only. No descriptors.
    Refused {
        /// Name, possibly cut.
        username: Vec<u8>,
        /// Address.
        address: Vec<u8>,
        /// Why, in words.
        words: Vec<u8>,
    },
}

/// A login to check.
#[derive(Debug)]
pub struct Check {
    /// Number of this login, chosen by the front, never zero, always growing.
    pub id: u64,
    /// The control file comes as a descriptor.
    pub control: bool,
    /// The reason file comes as a descriptor.
    pub reason: bool,
    /// The client understands a temporary failure.
    pub temporary: bool,
    /// The front waits for this login only as long as its worker computes, see [`Answer::Slow`].
    pub trial: bool,
    /// The login.
    pub login: Login,
}

/// Supervisor to front.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The supervisor is up.
    Ready,
    /// A login is decided; the files are written already.
    Verdict {
        /// Which login.
        id: u64,
        /// Whether the client may come in.
        accepted: bool,
        /// How many logins this supervisor has decided so far, this one included.
        decided: u64,
        /// How long it took from its arrival, if it was PAM that decided.
        took: Option<Duration>,
    },
    /// The worker of a login on trial does not compute but waits for something: there is no telling for how long.
    Slow {
        /// Which login.
        id: u64,
    },
}

/// Supervisor to worker: run one PAM transaction.
#[derive(Debug)]
pub struct Job {
    /// A random number that every report of this transaction has to repeat: a process that a module has left behind does
    /// not know the next one.
    pub nonce: u64,
    /// The login.
    pub login: Login,
}

/// Worker to supervisor.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// The number of the job.
    pub nonce: u64,
    /// What there is to report.
    pub news: News,
}

/// What a worker reports.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// Something the administrator may want to read, before the end of the transaction.
    Note(Vec<u8>),
    /// The transaction is over.
    Done {
        /// PAM's return code; 0 is success of both phases.
        code: u32,
        /// What PAM calls that code, or why no PAM call was made.
        words: Vec<u8>,
        /// The worker ends now and must not be given another login: a module has changed its process.
        leaving: bool,
    },
}

const TAG_CHECK: u8 = 1;
const TAG_REFUSED: u8 = 2;
const TAG_READY: u8 = 17;
const TAG_VERDICT: u8 = 18;
const TAG_SLOW: u8 = 19;
const TAG_JOB: u8 = 33;
const TAG_NOTE: u8 = 49;
const TAG_DONE: u8 = 50;

const MAX_LOGIN: usize = 5 * 4 + 4 * MAX_CREDENTIAL + MAX_ADDRESS;

impl Login {
    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field("username", &self.username, MAX_CREDENTIAL)?;
        to.bytes_field("password", self.password.expose(), MAX_CREDENTIAL)?;
        to.bytes_field("response", self.response.expose(), MAX_CREDENTIAL)?;
        to.bytes_field("common name", &self.common_name, MAX_CREDENTIAL)?;
        to.bytes_field("address", &self.address, MAX_ADDRESS)
    }

    fn decode(from: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Login {
            username: text(from, "username", MAX_CREDENTIAL)?.to_vec(),
            password: Secret::copy_of(text(from, "password", MAX_CREDENTIAL)?),
            response: Secret::copy_of(text(from, "response", MAX_CREDENTIAL)?),
            common_name: text(from, "common name", MAX_CREDENTIAL)?.to_vec(),
            address: text(from, "address", MAX_ADDRESS)?.to_vec(),
        })
    }
}

/// A field that ends up in a C string: no NUL in it.
fn text<'a>(from: &mut Reader<'a>, field: &'static str, bound: usize) -> Result<&'a [u8], WireError> {
    let bytes = from.bytes_field(field, bound)?;
    if bytes.contains(&0) { Err(WireError::Unknown { field, value: 0 }) } else { Ok(bytes) }
}

fn tag(value: u8) -> WireError {
    WireError::Unknown { field: "tag", value: value.into() }
}

impl Message for Ask {
    const MAX_BYTES: usize = 1 + 8 + 4 + MAX_LOGIN;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        match self {
            Ask::Check(check) => {
                to.u8(TAG_CHECK);
                to.u64(check.id);
                to.flag(check.control);
                to.flag(check.reason);
                to.flag(check.temporary);
                to.flag(check.trial);
                check.login.encode(to)
            }
            Ask::Refused { username, address, words } => {
                to.u8(TAG_REFUSED);
                to.bytes_field("username", username, MAX_TEXT)?;
                to.bytes_field("address", address, MAX_ADDRESS)?;
                to.bytes_field("words", words, MAX_TEXT)
            }
        }
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let message = match from.u8()? {
            TAG_CHECK => Ask::Check(Check {
                id: from.u64()?,
                control: from.flag("control")?,
                reason: from.flag("reason")?,
                temporary: from.flag("temporary")?,
                trial: from.flag("trial")?,
                login: Login::decode(&mut from)?,
            }),
            TAG_REFUSED => Ask::Refused {
                username: text(&mut from, "username", MAX_TEXT)?.to_vec(),
                address: text(&mut from, "address", MAX_ADDRESS)?.to_vec(),
                words: text(&mut from, "words", MAX_TEXT)?.to_vec(),
            },
            other => return Err(tag(other)),
        };
        from.end().map(|()| message)
    }
}

impl Message for Answer {
    const MAX_BYTES: usize = 1 + 8 + 1 + 8 + 1 + 8;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        match *self {
            Answer::Ready => to.u8(TAG_READY),
            Answer::Verdict { id, accepted, decided, took } => {
                to.u8(TAG_VERDICT);
                to.u64(id);
                to.flag(accepted);
                to.u64(decided);
                to.flag(took.is_some());
                to.u64(took.map_or(0, |took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)));
            }
            Answer::Slow { id } => {
                to.u8(TAG_SLOW);
                to.u64(id);
            }
        }
        Ok(())
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let message = match from.u8()? {
            TAG_READY => Answer::Ready,
            TAG_VERDICT => {
                let (id, accepted, decided) = (from.u64()?, from.flag("accepted")?, from.u64()?);
                let (by_pam, micros) = (from.flag("decided by PAM")?, from.u64()?);
                Answer::Verdict { id, accepted, decided, took: by_pam.then(|| Duration::from_micros(micros)) }
            }
            TAG_SLOW => Answer::Slow { id: from.u64()? },
            other => return Err(tag(other)),
        };
        from.end().map(|()| message)
    }
}

impl Message for Job {
    const MAX_BYTES: usize = 1 + 8 + MAX_LOGIN;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.u8(TAG_JOB);
        to.u64(self.nonce);
        self.login.encode(to)
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        match from.u8()? {
            TAG_JOB => {}
            other => return Err(tag(other)),
        }
        let job = Job { nonce: from.u64()?, login: Login::decode(&mut from)? };
        from.end().map(|()| job)
    }
}

impl Message for Report {
    const MAX_BYTES: usize = 1 + 8 + 4 + 4 + MAX_TEXT + 1;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        let nonce = self.nonce;
        match &self.news {
            News::Note(text) => {
                to.u8(TAG_NOTE);
                to.u64(nonce);
                to.bytes_field("note", text, MAX_TEXT)
            }
            News::Done { code, words, leaving } => {
                to.u8(TAG_DONE);
                to.u64(nonce);
                to.u32(*code);
                to.bytes_field("words", words, MAX_TEXT)?;
                to.flag(*leaving);
                Ok(())
            }
        }
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let (tag_read, nonce) = (from.u8()?, from.u64()?);
        let news = match tag_read {
            TAG_NOTE => News::Note(from.bytes_field("note", MAX_TEXT)?.to_vec()),
            TAG_DONE => {
                let code = from.u32()?;
                let words = from.bytes_field("words", MAX_TEXT)?.to_vec();
                News::Done { code, words, leaving: from.flag("leaving")? }
            }
            other => return Err(tag(other)),
        };
        from.end().map(|()| Report { nonce, news })
    }
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
