//! Everything that crosses a process border, on one page. One type per direction; every length is bounded before
//! anything is allocated; an unknown tag or a left-over byte is an error that ends the receiver. No descriptor and no
//! path crosses.
//!
//! ```text
//!   front  --Request-->  supervisor  --Order-->   worker
//!   front  <--Reply----  supervisor  <--Report--  worker
//! ```
//!
//! Between front and supervisor each message stands behind a few bytes that say which supervisor it is for, or that it is
//! up or lost ([`privsep::life`]).
//!
//! Log lines of the supervisor go to the front over a socket of their own ([`privsep::line_log`]), which the supervisor
//! never waits for.

use std::time::Duration;

use privsep::{Message, Reader, WireError, Writer};
use secret::Secret;

use crate::lookup::{Lookup, MAX_LOOKUP};
use crate::origin::Origin;
use crate::proof::Proof;
use crate::question::{MAX_QUESTION, Question, QuestionId};
use crate::reference::Reference;
use crate::session::{Assigned, Usage};
pub use crate::verdict::Blame;
use crate::verdict::{Cause, Verdict};

/// Longest username, password, response or common name, in bytes (OpenVPN's own limit in builds with PKCS#11).
pub const MAX_CREDENTIAL: usize = 4096;
/// Longest client address, in bytes; an IPv6 address with scope fits.
pub const MAX_ADDRESS: usize = 128;
/// Longest text a worker reports, in bytes.
pub const MAX_TEXT: usize = 1024;
/// Longest name a worker reports, in bytes.
pub const MAX_CHECKED: usize = 512;
/// Longest text of PAM modules for the person at the client, in bytes.
pub const MAX_SAID: usize = 256;
/// Longest reason for a client, in bytes: such a text, and why.
pub const MAX_TOLD: usize = 512;
/// Longest block of [`Credentials`], in bytes.
pub const MAX_BLOCK: usize = 2 * (4 + MAX_CREDENTIAL) + 1;

/// Room for what the other side has not read yet, in each direction between front and supervisor: a burst of logins
/// must not stop OpenVPN.
pub const SOCKET_BYTES: usize = 4 << 20;

/// Longest value of [`Client`], in bytes.
pub const MAX_CLIENT_VALUE: usize = 128;
/// Longest block of [`Client`], in bytes.
pub const MAX_CLIENT: usize = 4 * (4 + MAX_CLIENT_VALUE);

/// What PAM modules may want to know of the client, for their environment. Apart from the credentials, because it is not
/// the same at each attempt with the same ones. It crosses the supervisor as one opaque block.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Address; each of these is empty when unknown.
    pub address: Vec<u8>,
    /// Port.
    pub port: Vec<u8>,
    /// OpenVPN's id of the session.
    pub session_id: Vec<u8>,
    /// The version the client claims to be.
    pub version: Vec<u8>,
}

/// What only the worker needs of a login. It crosses the supervisor as one opaque block.
#[derive(Debug)]
pub struct Credentials {
    /// Password, without the wrapping of a static challenge; or the answer to a question.
    pub password: Secret,
    /// Response to a static challenge, possibly an empty one; nothing if the client sent none.
    pub response: Option<Secret>,
}

/// Front to supervisor.
#[derive(Debug)]
pub enum Request {
    /// Check a login.
    Check(Check),
    /// The client of this attempt is gone: an attempt that still waits is not run, and its question is given up.
    Cancel {
        /// Which attempt.
        id: u64,
    },
    /// A client connects: the session of the login that has let it in is to be opened. It is answered like an attempt.
    Open {
        /// Number of this request, as those of attempts.
        id: u64,
        /// The attempt that has let it in.
        attempt: u64,
        /// Its addresses.
        assigned: Assigned,
    },
    /// The client is gone: its session is to be closed.
    Close {
        /// The attempt that had let it in.
        attempt: u64,
        /// How the connection was used.
        usage: Usage,
    },
    /// A client connects, and its options are to be put together. It is answered like an attempt.
    Options {
        /// Number of this request, as those of attempts.
        id: u64,
        /// Whose.
        lookup: Lookup,
        /// Where the client comes from.
        origin: Origin,
    },
    /// The front has refused a login by itself; for the audit line only.
    Refused {
        /// Name, possibly cut.
        username: Vec<u8>,
        /// Where it came from.
        origin: Origin,
        /// What the client sent is the reason, and not the state of this machine.
        at_fault: bool,
        /// Why.
        reason: Vec<u8>,
        /// How long it took.
        took: Duration,
        /// It counts like a password that PAM has refused.
        counts: bool,
    },
}

/// An attempt to be decided.
#[derive(Debug)]
pub struct Check {
    /// Number of this attempt, chosen by the front, always growing; the answer to a question that a client was asked while
    /// its attempt is pending has that of the attempt.
    pub id: u64,
    /// Nobody stands still for it: a refusal takes its time (`refusal-time`).
    pub deferred: bool,
    /// If it is let in, its transaction is to be kept for a session.
    pub session: bool,
    /// What the client has sent.
    pub sent: Sent,
    /// Name that PAM is asked about.
    pub username: Vec<u8>,
    /// Name as the client sent it, possibly cut, if that is another one; else empty.
    pub sent_as: Vec<u8>,
    /// Common name of the client's certificate; empty without one.
    pub common_name: Vec<u8>,
    /// Where it comes from.
    pub origin: Origin,
    /// Encoded [`Credentials`].
    pub credentials: Secret,
    /// Encoded [`Client`].
    pub client: Vec<u8>,
}

/// What the credentials of an attempt are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// A password, with which a transaction begins.
    Password,
    /// The answer to the question with this id, with which a transaction goes on; `None`: what the client has sent for an id
    /// is none.
    Answer(Option<QuestionId>),
    /// No password: only the account is looked at.
    Proof {
        /// What it is instead.
        proof: Proof,
        /// The attempt that has let the connection in, if that has a session.
        session: Option<u64>,
    },
}

/// Supervisor to front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An attempt is decided.
    Verdict {
        /// Which attempt.
        id: u64,
        /// What was decided.
        verdict: Verdict,
        /// What the person at the client may learn of a rejection; empty: nothing.
        told: Vec<u8>,
    },
    /// PAM has checked this name in an attempt that is about to be accepted; it is another one than it was asked about.
    Named {
        /// Which attempt.
        id: u64,
        /// The name, possibly cut.
        name: Vec<u8>,
    },
    /// A piece of a client's options, which come before the verdict.
    Options {
        /// Which request.
        id: u64,
        /// The piece.
        part: Vec<u8>,
    },
}

/// Supervisor to worker.
#[derive(Debug)]
pub enum Order {
    /// Begin a transaction.
    Begin(Begin),
    /// The answer to the question that the transaction has asked.
    Answer {
        /// The number of the transaction.
        nonce: u64,
        /// As in [`Begin`]: the client that answers may be another connection than the one that was asked.
        session: bool,
        /// Encoded [`Credentials`], of which the password is the answer.
        credentials: Secret,
    },
    /// Open the session of the transaction that has let somebody in.
    Open {
        /// The number of the transaction.
        nonce: u64,
        /// The addresses of the client.
        assigned: Assigned,
        /// The session's name in both logs.
        reference: Reference,
    },
    /// Put the options of a client together. That is a transaction of its own, without PAM.
    LookUp {
        /// The number of the transaction.
        nonce: u64,
        /// Whose.
        lookup: Lookup,
    },
    /// Look at the account once more, in the transaction of a session that is open.
    Check {
        /// The number of the transaction.
        nonce: u64,
        /// What the client has shown.
        proof: Proof,
    },
    /// Close it, and end the transaction.
    Close {
        /// The number of the transaction.
        nonce: u64,
        /// How the connection was used.
        usage: Usage,
    },
}

/// A transaction to begin.
#[derive(Debug)]
pub struct Begin {
    /// Random number of the transaction; the worker's reports must repeat it.
    pub nonce: u64,
    /// If it succeeds, it is kept for a session.
    pub session: bool,
    /// What the client has shown instead of a password: then only the account is looked at.
    pub proof: Option<Proof>,
    /// Name that PAM is asked about.
    pub username: Vec<u8>,
    /// Common name of the client's certificate; empty without one.
    pub common_name: Vec<u8>,
    /// For `PAM_RHOST`; empty when unknown.
    pub address: Vec<u8>,
    /// Encoded [`Credentials`].
    pub credentials: Secret,
    /// Encoded [`Client`].
    pub client: Vec<u8>,
}

/// Worker to supervisor.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// The number of the transaction, the last one when there is none; zero before the first.
    pub nonce: u64,
    /// What happened.
    pub news: News,
}

/// What a worker reports.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// The worker waits for its next order: it has started, or looked at itself after a transaction.
    Ready,
    /// The worker leaves instead: a module has changed this about its process.
    Changed(Vec<u8>),
    /// Something for the log, as it happens.
    Note(Vec<u8>),
    /// The transaction waits for an answer of the person at the client.
    Question {
        /// The answer is shown while it is typed.
        echo: bool,
        /// It holds the address of a web page.
        page: bool,
        /// As in [`Question`].
        private: bool,
        /// The question, one line.
        text: Vec<u8>,
    },
    /// The transaction has ended, or is kept for a session.
    End(End),
    /// The session is open, or could not be opened: then the worker leaves.
    Opened(Done),
    /// The account of a session was looked at.
    Checked(End),
    /// The session is closed as far as it could be, and the transaction has ended. The worker leaves.
    Closed(Done),
    /// A piece of the options that were to be put together.
    Part(Vec<u8>),
    /// All pieces are there, or why there are none.
    LookedUp(Done),
}

/// What came of a step of a session, or of putting options together.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    /// PAM's return code; zero is success.
    pub code: u32,
    /// `pam_strerror` of it, or what is wrong.
    pub text: Vec<u8>,
}

/// How a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    /// PAM's return code; zero is success.
    pub code: u32,
    /// The code came from `pam_authenticate` (or before), not from the account phase.
    pub authenticating: bool,
    /// `pam_strerror` of it.
    pub text: Vec<u8>,
    /// How long a failure must stay unknown, counted from the arrival of the attempt, as the modules want it.
    pub delay: Duration,
    /// Whom PAM has checked (`PAM_USER`), possibly cut, if that is another name than the client sent; else empty.
    pub checked: Vec<u8>,
    /// The last answer of the person at the client is the password from now on.
    pub chosen: bool,
    /// What modules have said to the person at the client, if the login fails; one line.
    pub said: Vec<u8>,
    /// Who is to blame, if it is a failure.
    pub blame: Blame,
    /// The transaction goes on: the worker waits for the session to be opened.
    pub kept: bool,
}

const TAG_CHECK: u8 = 1;
const TAG_CANCEL: u8 = 2;
const TAG_REFUSED: u8 = 3;
const TAG_OPEN: u8 = 4;
const TAG_CLOSE: u8 = 5;
const TAG_OPTIONS: u8 = 6;
const TAG_ACCEPTED: u8 = 18;
const TAG_REJECTED: u8 = 19;
const TAG_TEMPORARY: u8 = 20;
const TAG_ASKED: u8 = 21;
const TAG_NAMED: u8 = 22;
const TAG_PART: u8 = 23;
const TAG_BEGIN: u8 = 33;
const TAG_ANSWER: u8 = 34;
const TAG_OPEN_SESSION: u8 = 35;
const TAG_CLOSE_SESSION: u8 = 36;
const TAG_LOOK_UP: u8 = 37;
const TAG_CHECK_ACCOUNT: u8 = 38;
const TAG_WORKER_READY: u8 = 49;
const TAG_NOTE: u8 = 50;
const TAG_END: u8 = 51;
const TAG_CHANGED: u8 = 52;
const TAG_QUESTION: u8 = 53;
const TAG_OPENED: u8 = 54;
const TAG_CLOSED: u8 = 55;
const TAG_WORKER_PART: u8 = 56;
const TAG_LOOKED_UP: u8 = 57;
const TAG_CHECKED: u8 = 58;

fn tag(value: u8) -> WireError {
    WireError::Unknown { field: "tag", value: value.into() }
}

/// A field that ends up in a C string: no NUL in it.
fn text<'a>(from: &mut Reader<'a>, field: &'static str, bound: usize) -> Result<&'a [u8], WireError> {
    let bytes = from.bytes_field(field, bound)?;
    if bytes.contains(&0) { Err(WireError::Unknown { field, value: 0 }) } else { Ok(bytes) }
}

/// Address, port, reference.
const ORIGIN_BYTES: usize = 4 + MAX_ADDRESS + 4 + 4;

fn write_origin(origin: &Origin, to: &mut Writer) -> Result<(), WireError> {
    to.bytes_field("address", &origin.address, MAX_ADDRESS)?;
    to.u32(origin.port.into());
    to.u32(origin.reference.number());
    Ok(())
}

fn read_origin(from: &mut Reader<'_>) -> Result<Origin, WireError> {
    let address = text(from, "address", MAX_ADDRESS)?.to_vec();
    let port = from.u32()?;
    let port = u16::try_from(port).map_err(|_| WireError::Unknown { field: "port", value: port.into() })?;
    Ok(Origin { address, port, reference: read_reference(from)? })
}

fn read_reference(from: &mut Reader<'_>) -> Result<Reference, WireError> {
    let number = from.u32()?;
    Reference::from_number(number).ok_or(WireError::Unknown { field: "reference", value: number.into() })
}

/// What was sent, and an id.
const SENT_BYTES: usize = 1 + 2 * 8;

impl Sent {
    fn write(self, to: &mut Writer) {
        match self {
            Sent::Password => to.u8(0),
            Sent::Answer(None) => to.u8(1),
            Sent::Answer(Some(id)) => {
                to.u8(2);
                write_id(&id, to);
            }
            Sent::Proof { proof, session } => {
                to.u8(3);
                Proof::write(Some(proof), to);
                to.flag(session.is_some());
                if let Some(session) = session {
                    to.u64(session);
                }
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(match from.u8()? {
            0 => Sent::Password,
            1 => Sent::Answer(None),
            2 => Sent::Answer(Some(read_id(from)?)),
            3 => Sent::Proof {
                proof: Proof::read(from)?.ok_or(WireError::Unknown { field: "proof", value: 0 })?,
                session: if from.flag("session of the connection")? { Some(from.u64()?) } else { None },
            },
            value => return Err(WireError::Unknown { field: "what was sent", value: value.into() }),
        })
    }
}

fn write_id(id: &QuestionId, to: &mut Writer) {
    id.bytes().iter().for_each(|byte| to.u8(*byte));
}

fn read_id(from: &mut Reader<'_>) -> Result<QuestionId, WireError> {
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = from.u8()?;
    }
    Ok(QuestionId::from_bytes(bytes))
}

fn duration(from: &mut Reader<'_>) -> Result<Duration, WireError> {
    Ok(Duration::from_micros(from.u64()?))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Message for Credentials {
    const MAX_BYTES: usize = MAX_BLOCK;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field("password", self.password.expose(), MAX_CREDENTIAL)?;
        to.flag(self.response.is_some());
        match &self.response {
            Some(response) => to.bytes_field("response", response.expose(), MAX_CREDENTIAL),
            None => Ok(()),
        }
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let credentials = Credentials {
            password: Secret::copy_of(text(&mut from, "password", MAX_CREDENTIAL)?),
            response: if from.flag("response")? {
                Some(Secret::copy_of(text(&mut from, "response", MAX_CREDENTIAL)?))
            } else {
                None
            },
        };
        from.end().map(|()| credentials)
    }
}

impl Credentials {
    /// The block that crosses the borders.
    pub fn seal(&self) -> Result<Secret, WireError> {
        let mut writer = Writer::with_capacity(Self::MAX_BYTES);
        self.encode(&mut writer)?;
        Ok(Secret::copy_of(writer.bytes()))
    }

    /// The other way round.
    pub fn unseal(block: &Secret) -> Result<Self, WireError> {
        Self::decode(Reader::new(block.expose()))
    }
}

impl Message for Client {
    const MAX_BYTES: usize = MAX_CLIENT;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field("client address", &self.address, MAX_CLIENT_VALUE)?;
        to.bytes_field("client port", &self.port, MAX_CLIENT_VALUE)?;
        to.bytes_field("session id", &self.session_id, MAX_CLIENT_VALUE)?;
        to.bytes_field("client version", &self.version, MAX_CLIENT_VALUE)
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let client = Client {
            address: text(&mut from, "client address", MAX_CLIENT_VALUE)?.to_vec(),
            port: text(&mut from, "client port", MAX_CLIENT_VALUE)?.to_vec(),
            session_id: text(&mut from, "session id", MAX_CLIENT_VALUE)?.to_vec(),
            version: text(&mut from, "client version", MAX_CLIENT_VALUE)?.to_vec(),
        };
        from.end().map(|()| client)
    }
}

impl Message for Request {
    const MAX_BYTES: usize = 1
        + 8
        + 2
        + SENT_BYTES
        + 5 * 4
        + 2 * MAX_CREDENTIAL
        + MAX_CHECKED
        + ORIGIN_BYTES
        + MAX_BLOCK
        + MAX_CLIENT;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        match self {
            Request::Check(check) => {
                to.u8(TAG_CHECK);
                to.u64(check.id);
                to.flag(check.deferred);
                to.flag(check.session);
                check.sent.write(to);
                to.bytes_field("username", &check.username, MAX_CREDENTIAL)?;
                to.bytes_field("sent username", &check.sent_as, MAX_CHECKED)?;
                to.bytes_field("common name", &check.common_name, MAX_CREDENTIAL)?;
                write_origin(&check.origin, to)?;
                to.bytes_field("credentials", check.credentials.expose(), MAX_BLOCK)?;
                to.bytes_field("client", &check.client, MAX_CLIENT)
            }
            Request::Cancel { id } => {
                to.u8(TAG_CANCEL);
                to.u64(*id);
                Ok(())
            }
            Request::Open { id, attempt, assigned } => {
                to.u8(TAG_OPEN);
                to.u64(*id);
                to.u64(*attempt);
                assigned.write(to);
                Ok(())
            }
            Request::Close { attempt, usage } => {
                to.u8(TAG_CLOSE);
                to.u64(*attempt);
                usage.write(to);
                Ok(())
            }
            Request::Options { id, lookup, origin } => {
                to.u8(TAG_OPTIONS);
                to.u64(*id);
                lookup.write(to)?;
                write_origin(origin, to)
            }
            Request::Refused { username, origin, at_fault, reason, took, counts } => {
                to.u8(TAG_REFUSED);
                to.bytes_field("username", username, MAX_TEXT)?;
                write_origin(origin, to)?;
                to.flag(*at_fault);
                to.bytes_field("reason", reason, MAX_TEXT)?;
                to.u64(micros(*took));
                to.flag(*counts);
                Ok(())
            }
        }
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let message = match from.u8()? {
            TAG_CHECK => Request::Check(Check {
                id: from.u64()?,
                deferred: from.flag("deferred")?,
                session: from.flag("session")?,
                sent: Sent::read(&mut from)?,
                username: text(&mut from, "username", MAX_CREDENTIAL)?.to_vec(),
                sent_as: text(&mut from, "sent username", MAX_CHECKED)?.to_vec(),
                common_name: text(&mut from, "common name", MAX_CREDENTIAL)?.to_vec(),
                origin: read_origin(&mut from)?,
                credentials: Secret::copy_of(from.bytes_field("credentials", MAX_BLOCK)?),
                client: from.bytes_field("client", MAX_CLIENT)?.to_vec(),
            }),
            TAG_CANCEL => Request::Cancel { id: from.u64()? },
            TAG_OPEN => {
                Request::Open { id: from.u64()?, attempt: from.u64()?, assigned: Assigned::read(&mut from)? }
            }
            TAG_CLOSE => Request::Close { attempt: from.u64()?, usage: Usage::read(&mut from)? },
            TAG_OPTIONS => Request::Options {
                id: from.u64()?,
                lookup: Lookup::read(&mut from)?,
                origin: read_origin(&mut from)?,
            },
            TAG_REFUSED => Request::Refused {
                username: text(&mut from, "username", MAX_TEXT)?.to_vec(),
                origin: read_origin(&mut from)?,
                at_fault: from.flag("at fault")?,
                reason: text(&mut from, "reason", MAX_TEXT)?.to_vec(),
                took: duration(&mut from)?,
                counts: from.flag("counts")?,
            },
            other => return Err(tag(other)),
        };
        from.end().map(|()| message)
    }
}

impl Message for Reply {
    const MAX_BYTES: usize = 1 + 8 + 16 + 3 + 4 + MAX_QUESTION + 4 + MAX_TOLD;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        let (id, verdict, told) = match self {
            Reply::Verdict { id, verdict, told } => (id, verdict, told),
            Reply::Named { id, name } => {
                to.u8(TAG_NAMED);
                to.u64(*id);
                return to.bytes_field("checked name", name, MAX_CHECKED);
            }
            Reply::Options { id, part } => {
                to.u8(TAG_PART);
                to.u64(*id);
                return to.bytes_field("options", part, MAX_TEXT);
            }
        };
        match verdict {
            Verdict::Accepted { took } => {
                to.u8(TAG_ACCEPTED);
                to.u64(*id);
                to.u64(micros(*took));
            }
            Verdict::Rejected => {
                to.u8(TAG_REJECTED);
                to.u64(*id);
            }
            Verdict::Temporary { cause, backoff } => {
                to.u8(TAG_TEMPORARY);
                to.u64(*id);
                to.u8(cause.number());
                to.u64(micros(*backoff));
            }
            Verdict::Asked(question) => {
                to.u8(TAG_ASKED);
                to.u64(*id);
                write_id(&question.id, to);
                to.flag(question.echo);
                to.flag(question.page);
                to.flag(question.private);
                to.bytes_field("question", &question.text, MAX_QUESTION)?;
            }
        }
        to.bytes_field("reason", told, MAX_TOLD)
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let (tag_read, id) = (from.u8()?, from.u64()?);
        let verdict = match tag_read {
            TAG_NAMED => {
                let name = text(&mut from, "checked name", MAX_CHECKED)?.to_vec();
                return from.end().map(|()| Reply::Named { id, name });
            }
            TAG_PART => {
                let part = text(&mut from, "options", MAX_TEXT)?.to_vec();
                return from.end().map(|()| Reply::Options { id, part });
            }
            TAG_ACCEPTED => Verdict::Accepted { took: duration(&mut from)? },
            TAG_REJECTED => Verdict::Rejected,
            TAG_TEMPORARY => {
                let number = from.u8()?;
                let cause = Cause::from_number(number)
                    .ok_or(WireError::Unknown { field: "cause", value: number.into() })?;
                Verdict::Temporary { cause, backoff: duration(&mut from)? }
            }
            TAG_ASKED => Verdict::Asked(Box::new(Question {
                id: read_id(&mut from)?,
                echo: from.flag("echo")?,
                page: from.flag("page")?,
                private: from.flag("private")?,
                text: from.bytes_field("question", MAX_QUESTION)?.to_vec(),
            })),
            other => return Err(tag(other)),
        };
        let told = from.bytes_field("reason", MAX_TOLD)?.to_vec();
        from.end().map(|()| Reply::Verdict { id, verdict, told })
    }
}

impl Message for Order {
    const MAX_BYTES: usize = 1 + 8 + 5 * 4 + 2 * MAX_CREDENTIAL + MAX_ADDRESS + MAX_BLOCK + MAX_CLIENT + 2;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        match self {
            Order::Begin(begin) => {
                to.u8(TAG_BEGIN);
                to.u64(begin.nonce);
                to.bytes_field("username", &begin.username, MAX_CREDENTIAL)?;
                to.bytes_field("common name", &begin.common_name, MAX_CREDENTIAL)?;
                to.bytes_field("address", &begin.address, MAX_ADDRESS)?;
                to.bytes_field("credentials", begin.credentials.expose(), MAX_BLOCK)?;
                to.bytes_field("client", &begin.client, MAX_CLIENT)?;
                to.flag(begin.session);
                Proof::write(begin.proof, to);
                Ok(())
            }
            Order::Check { nonce, proof } => {
                to.u8(TAG_CHECK_ACCOUNT);
                to.u64(*nonce);
                Proof::write(Some(*proof), to);
                Ok(())
            }
            Order::Open { nonce, assigned, reference } => {
                to.u8(TAG_OPEN_SESSION);
                to.u64(*nonce);
                assigned.write(to);
                to.u32(reference.number());
                Ok(())
            }
            Order::Close { nonce, usage } => {
                to.u8(TAG_CLOSE_SESSION);
                to.u64(*nonce);
                usage.write(to);
                Ok(())
            }
            Order::LookUp { nonce, lookup } => {
                to.u8(TAG_LOOK_UP);
                to.u64(*nonce);
                lookup.write(to)
            }
            Order::Answer { nonce, session, credentials } => {
                to.u8(TAG_ANSWER);
                to.u64(*nonce);
                to.flag(*session);
                to.bytes_field("credentials", credentials.expose(), MAX_BLOCK)
            }
        }
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let (tag_read, nonce) = (from.u8()?, from.u64()?);
        let order = match tag_read {
            TAG_BEGIN => Order::Begin(Begin {
                nonce,
                username: text(&mut from, "username", MAX_CREDENTIAL)?.to_vec(),
                common_name: text(&mut from, "common name", MAX_CREDENTIAL)?.to_vec(),
                address: text(&mut from, "address", MAX_ADDRESS)?.to_vec(),
                credentials: Secret::copy_of(from.bytes_field("credentials", MAX_BLOCK)?),
                client: from.bytes_field("client", MAX_CLIENT)?.to_vec(),
                session: from.flag("session")?,
                proof: Proof::read(&mut from)?,
            }),
            TAG_CHECK_ACCOUNT => {
                let proof = Proof::read(&mut from)?;
                Order::Check { nonce, proof: proof.ok_or(WireError::Unknown { field: "proof", value: 0 })? }
            }
            TAG_OPEN_SESSION => {
                let assigned = Assigned::read(&mut from)?;
                Order::Open { nonce, assigned, reference: read_reference(&mut from)? }
            }
            TAG_CLOSE_SESSION => Order::Close { nonce, usage: Usage::read(&mut from)? },
            TAG_LOOK_UP => Order::LookUp { nonce, lookup: Lookup::read(&mut from)? },
            TAG_ANSWER => {
                let session = from.flag("session")?;
                let credentials = Secret::copy_of(from.bytes_field("credentials", MAX_BLOCK)?);
                Order::Answer { nonce, session, credentials }
            }
            other => return Err(tag(other)),
        };
        from.end().map(|()| order)
    }
}

impl End {
    fn write(&self, to: &mut Writer) -> Result<(), WireError> {
        to.u32(self.code);
        to.flag(self.authenticating);
        to.bytes_field("text", &self.text, MAX_TEXT)?;
        to.u64(micros(self.delay));
        to.bytes_field("checked", &self.checked, MAX_CHECKED)?;
        to.flag(self.chosen);
        to.bytes_field("said", &self.said, MAX_SAID)?;
        to.u8(self.blame.number());
        to.flag(self.kept);
        Ok(())
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(End {
            code: from.u32()?,
            authenticating: from.flag("authenticating")?,
            text: from.bytes_field("text", MAX_TEXT)?.to_vec(),
            delay: duration(from)?,
            checked: from.bytes_field("checked", MAX_CHECKED)?.to_vec(),
            chosen: from.flag("chosen")?,
            said: from.bytes_field("said", MAX_SAID)?.to_vec(),
            blame: {
                let number = from.u8()?;
                let unknown = WireError::Unknown { field: "blame", value: number.into() };
                Blame::from_number(number).ok_or(unknown)?
            },
            kept: from.flag("kept")?,
        })
    }
}

impl Done {
    fn write(&self, to: &mut Writer) -> Result<(), WireError> {
        to.u32(self.code);
        to.bytes_field("text", &self.text, MAX_TEXT)
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Done { code: from.u32()?, text: from.bytes_field("text", MAX_TEXT)?.to_vec() })
    }
}

impl Message for Report {
    const MAX_BYTES: usize = 1 + 8 + 4 + 1 + 4 + MAX_TEXT + 8 + 4 + MAX_CHECKED + 1 + 4 + MAX_SAID + 2;

    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        let nonce = self.nonce;
        match &self.news {
            News::Ready => {
                to.u8(TAG_WORKER_READY);
                to.u64(nonce);
                Ok(())
            }
            News::Changed(what) => {
                to.u8(TAG_CHANGED);
                to.u64(nonce);
                to.bytes_field("what has changed", what, MAX_TEXT)
            }
            News::Note(text) => {
                to.u8(TAG_NOTE);
                to.u64(nonce);
                to.bytes_field("note", text, MAX_TEXT)
            }
            News::Question { echo, page, private, text } => {
                to.u8(TAG_QUESTION);
                to.u64(nonce);
                to.flag(*echo);
                to.flag(*page);
                to.flag(*private);
                to.bytes_field("question", text, MAX_QUESTION)
            }
            News::End(end) => {
                to.u8(TAG_END);
                to.u64(nonce);
                end.write(to)
            }
            News::Checked(end) => {
                to.u8(TAG_CHECKED);
                to.u64(nonce);
                end.write(to)
            }
            News::Opened(done) => {
                to.u8(TAG_OPENED);
                to.u64(nonce);
                done.write(to)
            }
            News::Closed(done) => {
                to.u8(TAG_CLOSED);
                to.u64(nonce);
                done.write(to)
            }
            News::Part(part) => {
                to.u8(TAG_WORKER_PART);
                to.u64(nonce);
                to.bytes_field("options", part, MAX_TEXT)
            }
            News::LookedUp(done) => {
                to.u8(TAG_LOOKED_UP);
                to.u64(nonce);
                done.write(to)
            }
        }
    }

    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let (tag_read, nonce) = (from.u8()?, from.u64()?);
        let news = match tag_read {
            TAG_WORKER_READY => News::Ready,
            TAG_CHANGED => News::Changed(from.bytes_field("what has changed", MAX_TEXT)?.to_vec()),
            TAG_NOTE => News::Note(from.bytes_field("note", MAX_TEXT)?.to_vec()),
            TAG_QUESTION => News::Question {
                echo: from.flag("echo")?,
                page: from.flag("page")?,
                private: from.flag("private")?,
                text: from.bytes_field("question", MAX_QUESTION)?.to_vec(),
            },
            TAG_END => News::End(End::read(&mut from)?),
            TAG_CHECKED => News::Checked(End::read(&mut from)?),
            TAG_OPENED => News::Opened(Done::read(&mut from)?),
            TAG_CLOSED => News::Closed(Done::read(&mut from)?),
            TAG_WORKER_PART => News::Part(text(&mut from, "options", MAX_TEXT)?.to_vec()),
            TAG_LOOKED_UP => News::LookedUp(Done::read(&mut from)?),
            other => return Err(tag(other)),
        };
        from.end().map(|()| Report { nonce, news })
    }
}

/// The requests, orders and reports about options are no longer than the longest of the others.
const _: () = assert!(1 + 8 + MAX_LOOKUP + ORIGIN_BYTES <= Request::MAX_BYTES);
const _: () = assert!(1 + 8 + MAX_LOOKUP <= Order::MAX_BYTES);
const _: () = assert!(1 + 8 + 4 + MAX_TEXT <= Reply::MAX_BYTES);

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
