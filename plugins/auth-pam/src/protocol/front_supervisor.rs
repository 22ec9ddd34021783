//! Between front and supervisor.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use privsep::wire::{Bytes, Text};
use secret::Secret;

use super::attempt_origin::AttemptOrigin;
use super::client_options_request::ClientOptionsRequest;
use super::credentials::{MAX_BLOCK, MAX_CLIENT, SecretBytes};
use super::passwordless_proof::PasswordlessProof;
use super::question::QuestionId;
use super::session::{Assigned, Usage};
use super::verdict::Verdict;
use super::{MAX_CHECKED, MAX_CREDENTIAL, MAX_TEXT, MAX_TOLD};

privsep::wire! {
    /// Front to supervisor.
    #[derive(Debug)]
    pub enum Request {
        /// An attempt is to be decided.
        1 => Attempt(attempt: AttemptRequest),
        /// The client of this attempt is gone: an attempt that still waits is not run, and its question is given up.
        2 => Cancel {
            /// Which attempt.
            id: u64,
        },
        /// A client connects: the session of the login that has let it in is to be opened. It is answered like an attempt.
        4 => Open {
            /// Number of this request, as those of attempts.
            id: u64,
            /// The attempt that has let it in.
            attempt: u64,
            /// Its addresses.
            assigned: Assigned,
        },
        /// The client is gone: its session is to be closed.
        5 => Close {
            /// The attempt that had let it in.
            attempt: u64,
            /// How the connection was used.
            usage: Usage,
        },
        /// A client connects, and its options are to be put together. It is answered like an attempt.
        6 => Options {
            /// Number of this request, as those of attempts.
            id: u64,
            /// What is known of the client, and what may stand in its options.
            wanted: ClientOptionsRequest,
            /// Where the client comes from.
            origin: AttemptOrigin,
        },
        /// The front has refused a login by itself; for the audit line only.
        3 => Refused {
            /// Name, possibly cut.
            username: Vec<u8> as Text<MAX_TEXT>,
            /// Where it came from.
            origin: AttemptOrigin,
            /// What the client sent is the reason, and not the state of this machine.
            at_fault: bool,
            /// Why.
            reason: Vec<u8> as Text<MAX_TEXT>,
            /// How long it took.
            took: Duration,
            /// It counts like a password that PAM has refused.
            counts: bool,
        },
    }
}

privsep::wire! {
    /// An attempt to be decided.
    #[derive(Debug)]
    pub struct AttemptRequest {
        /// Number of this attempt, chosen by the front, always growing; the answer to a question that a client was asked while
        /// its attempt is pending has that of the attempt.
        pub id: u64,
        /// Nobody stands still for it: a refusal takes its time (`refusal-time`).
        pub deferred: bool,
        /// If it is let in, its transaction is to be kept for a session.
        pub session: bool,
        /// What the client has sent.
        pub credentials_kind: CredentialsKind,
        /// Name that PAM is asked about.
        pub username: Vec<u8> as Text<MAX_CREDENTIAL>,
        /// Name as the client sent it, possibly cut, if that is another one; else empty.
        pub sent_as: Vec<u8> as Text<MAX_CHECKED>,
        /// Common name of the client's certificate; empty without one.
        pub common_name: Vec<u8> as Text<MAX_CREDENTIAL>,
        /// Where it comes from.
        pub origin: AttemptOrigin,
        /// Encoded [`Credentials`](super::Credentials).
        pub credentials: Secret as SecretBytes<MAX_BLOCK>,
        /// Encoded [`Client`](super::Client).
        pub client: Vec<u8> as Bytes<MAX_CLIENT>,
        /// How long the front has kept it: an answer that came before PAM has asked.
        pub kept: Duration,
    }
}

privsep::wire! {
    /// What the credentials of an attempt are.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum CredentialsKind {
        /// A password, with which a transaction begins.
        0 => Password,
        /// The answer to the question with this id, with which a transaction goes on; `None`: what the client has sent for an
        /// id is none.
        1 => Answer(id: Option<QuestionId>),
        /// No password: only the account is looked at.
        3 => Passwordless {
            /// What it is instead.
            proof: PasswordlessProof,
            /// The attempt that has let the connection in, if that has a session.
            session: Option<u64>,
        },
    }
}

/// The time by the clock that nobody sets, which is the same in all processes.
pub fn monotonic() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

privsep::wire! {
    /// Supervisor to front.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Reply {
        /// An attempt is decided.
        18 => Verdict {
            /// Which attempt.
            id: u64,
            /// What was decided.
            verdict: Verdict,
            /// What the person at the client may learn of a rejection; empty: nothing.
            told: Vec<u8> as Bytes<MAX_TOLD>,
        },
        /// PAM has checked this name in an attempt that is about to be accepted; it is another one than it was asked about.
        22 => Named {
            /// Which attempt.
            id: u64,
            /// The name, possibly cut.
            name: Vec<u8> as Text<MAX_CHECKED>,
        },
        /// What clients have under this name is worth nothing if they have it since before.
        24 => Revoked {
            /// The name.
            name: Vec<u8> as Text<MAX_TEXT>,
            /// When, after the epoch.
            at: Duration,
            /// The same by the clock that nobody sets.
            monotonic: Duration,
        },
        /// A piece of a client's options, which come before the verdict.
        23 => Options {
            /// Which request.
            id: u64,
            /// The piece.
            part: Vec<u8> as Text<MAX_TEXT>,
        },
    }
}

privsep::message!(Request);
privsep::message!(Reply);
