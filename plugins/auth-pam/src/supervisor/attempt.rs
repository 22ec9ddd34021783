//! An attempt as the supervisor sees it. Its credentials are a block that only a worker opens.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use secret::Secret;

use super::scheduler::Schedulable;
use super::source::{Prefixes, Source};
use super::unanswered_limit::UnansweredPlace;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::client_options_request::ClientOptionsRequest;
use crate::protocol::passwordless_proof::PasswordlessProof;
use crate::protocol::time_taken::TimeTaken;
use crate::protocol::{AttemptRequest, CredentialsKind};
use crate::quoted::{MAX_SHOWN, shown};

/// No front keeps an answer longer: PAM has asked by then, or the attempt is over.
const LONGEST_KEPT: Duration = Duration::from_secs(600);

/// What a client is to get, as far as it is there.
#[derive(Debug)]
pub struct WantedOptions {
    /// Of which client, and what may stand in them.
    pub wanted: ClientOptionsRequest,
    /// What has come of them.
    pub text: Vec<u8>,
}

/// An attempt that has no verdict yet; or, with [`Attempt::options`], a client that connects and gets its options.
#[derive(Debug)]
pub struct Attempt {
    /// The front's number.
    pub id: u64,
    /// Nobody stands still for it.
    pub deferred: bool,
    /// If it is let in, its transaction is to be kept for a session.
    pub session: bool,
    /// Its client is gone.
    pub gone: bool,
    /// What the client has sent.
    pub credentials_kind: CredentialsKind,
    /// Name that PAM is asked about.
    pub username: Vec<u8>,
    /// Name as the client sent it, if that is another one.
    pub sent_as: Vec<u8>,
    /// Common name of the client's certificate.
    pub common_name: Vec<u8>,
    /// Where it comes from.
    pub origin: AttemptOrigin,
    /// Where it counts.
    pub source: Source,
    /// What the worker needs; gone once it has it.
    pub credentials: Option<Secret>,
    /// What modules may want to know of the client.
    pub client: Vec<u8>,
    /// Tells the same names and credentials again from others; a keyed hash that says nothing about them. The same answer
    /// to another question is another one.
    pub fingerprint: u64,
    /// When it came to OpenVPN.
    pub arrived: Instant,
    /// When the first attempt of its transaction came: this one, unless it is an answer.
    pub since: Instant,
    /// When PAM was asked.
    pub begun: Option<Instant>,
    /// PAM waits for the person at the client, who is at a web page.
    pub at_page: bool,
    /// When it is over its time.
    pub deadline: Option<Instant>,
    /// Others may have joined its transaction ([`super::repeated_attempts`]).
    pub leads: Option<u128>,
    /// When it was passed on to find out whether the backend is back ([`super::circuit_breaker`]).
    pub probes: Option<Instant>,
    /// Its place among those of the same username and source, as long as it has no answer.
    pub place: Option<UnansweredPlace>,
    /// It is no login: these options are to be put together.
    pub options: Option<WantedOptions>,
    /// Under this name it waits: logins of the same user must not hold it up, since anybody can try those. Empty: under its
    /// username, which holds no zero byte.
    pub queue: Vec<u8>,
}

impl Attempt {
    /// From what the front sent. `key`: of the fingerprints.
    pub fn new(
        now: Instant,
        request: AttemptRequest,
        time_limit: Option<Duration>,
        prefixes: Prefixes,
        key: &RandomState,
    ) -> Self {
        let arrived = now.checked_sub(request.kept.min(LONGEST_KEPT)).unwrap_or(now);
        Attempt {
            id: request.id,
            deferred: request.deferred,
            session: request.session,
            gone: false,
            source: Source::of(&request.origin.address, prefixes),
            fingerprint: key.hash_one((
                &request.username,
                &request.common_name,
                request.credentials.expose(),
                match &request.credentials_kind {
                    CredentialsKind::Answer(Some(id)) => Some(id.bytes()),
                    CredentialsKind::Answer(None)
                    | CredentialsKind::Password
                    | CredentialsKind::Passwordless { .. } => None,
                },
                matches!(request.credentials_kind, CredentialsKind::Passwordless { .. }),
            )),
            queue: match request.credentials_kind {
                CredentialsKind::Passwordless { .. } => [b"\0\0", &request.username[..]].concat(),
                CredentialsKind::Password | CredentialsKind::Answer(_) => Vec::new(),
            },
            credentials_kind: request.credentials_kind,
            username: request.username,
            sent_as: request.sent_as,
            common_name: request.common_name,
            origin: request.origin,
            credentials: Some(request.credentials),
            client: request.client,
            arrived,
            since: arrived,
            begun: None,
            at_page: false,
            deadline: time_limit.map(|limit| now + limit),
            leads: None,
            probes: None,
            place: None,
            options: None,
        }
    }

    /// For a client that connects.
    pub fn for_options(
        now: Instant,
        id: u64,
        wanted: ClientOptionsRequest,
        origin: AttemptOrigin,
        time_limit: Option<Duration>,
        prefixes: Prefixes,
    ) -> Self {
        Attempt {
            id,
            deferred: true,
            session: false,
            credentials_kind: CredentialsKind::Password,
            username: wanted.username.clone(),
            sent_as: Vec::new(),
            common_name: Vec::new(),
            source: Source::of(&origin.address, prefixes),
            origin,
            credentials: None,
            client: Vec::new(),
            fingerprint: 0,
            arrived: now,
            since: now,
            begun: None,
            at_page: false,
            deadline: time_limit.map(|limit| now + limit),
            leads: None,
            probes: None,
            place: None,
            gone: false,
            queue: [b"\0", &wanted.username[..]].concat(),
            options: Some(WantedOptions { wanted, text: Vec::new() }),
        }
    }

    /// So long after it came, at the latest when it is over its time.
    pub fn due_after(&self, time: Duration) -> Instant {
        let due = self.arrived + time;
        self.deadline.map_or(due, |deadline| deadline.min(due))
    }

    /// What it took, if it is decided now.
    pub fn took(&self, now: Instant) -> TimeTaken {
        TimeTaken::until(now, self.arrived, self.begun)
    }

    /// What is said of the name if the client sent another one.
    pub fn sent_otherwise(&self) -> String {
        if self.sent_as.is_empty() {
            return String::new();
        }
        format!("; the client sent '{}'", shown(&self.sent_as))
    }

    /// What the client has shown instead of a password.
    pub fn proof(&self) -> Option<PasswordlessProof> {
        match self.credentials_kind {
            CredentialsKind::Passwordless { proof, .. } => Some(proof),
            CredentialsKind::Password | CredentialsKind::Answer(_) => None,
        }
    }

    /// Whether anybody can bring one: its client has shown nothing yet that only this user can have.
    pub fn may_be_a_guess(&self) -> bool {
        self.options.is_none() && self.proof().is_none()
    }

    /// It is decided: keeps only what its lines show. Refusals wait for their time, and there can be many of them.
    pub fn shrink(&mut self) {
        // One byte more tells that the name was longer.
        self.username.truncate(MAX_SHOWN + 1);
        self.username.shrink_to_fit();
        self.queue = Vec::new();
        self.client = Vec::new();
    }

    /// The username for the log.
    pub fn user(&self) -> String {
        shown(&self.username)
    }
}

impl Schedulable for Attempt {
    fn id(&self) -> u64 {
        self.id
    }

    fn source(&self) -> Source {
        self.source
    }

    fn username(&self) -> &[u8] {
        if self.queue.is_empty() { &self.username } else { &self.queue }
    }

    fn goes_ahead(&self) -> bool {
        !self.may_be_a_guess()
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::protocol::attempt_origin::tests::origin;
    use crate::protocol::question::QuestionId;

    /// An attempt of this user from there.
    pub fn attempt(id: u64, username: &str, address: &str) -> Attempt {
        let request = AttemptRequest {
            id,
            deferred: true,
            session: false,
            credentials_kind: CredentialsKind::Password,
            username: username.into(),
            sent_as: vec![],
            common_name: vec![],
            origin: origin(address, 0),
            credentials: Secret::copy_of(b"block"),
            client: vec![],
            kept: Duration::ZERO,
        };
        Attempt::new(Instant::now(), request, None, Prefixes::default(), &RandomState::new())
    }

    #[test]
    fn a_decided_one_keeps_what_its_lines_show() {
        for name in ["alice".to_string(), "a".repeat(256), "a".repeat(257), "\u{20ac}".repeat(1365)] {
            let mut attempt = attempt(1, &name, "192.0.2.1");
            let (user, source) = (attempt.user(), attempt.source);
            attempt.shrink();
            assert_eq!((attempt.user(), attempt.source), (user, source));
            assert!(attempt.username.capacity() <= 257, "{}", attempt.username.capacity());
        }
    }

    #[test]
    fn fingerprints_tell_names_and_credentials_apart() {
        let key = RandomState::new();
        let of_kind = |credentials_kind, username: &str, block: &[u8]| {
            let (username, credentials) = (username.into(), Secret::copy_of(block));
            let (origin, common_name, client) = (origin("", 0), vec![], vec![]);
            let request = AttemptRequest {
                id: 1,
                deferred: true,
                session: false,
                credentials_kind,
                username,
                sent_as: vec![],
                common_name,
                origin,
                credentials,
                client,
                kept: Duration::ZERO,
            };
            Attempt::new(Instant::now(), request, None, Prefixes::default(), &key).fingerprint
        };
        let of = |username: &str, block: &[u8]| of_kind(CredentialsKind::Password, username, block);
        assert_eq!(of("a", b"b"), of("a", b"b"));
        assert_ne!(of("a", b"b"), of("a", b"c"));
        assert_ne!(of("a", b"b"), of("c", b"b"));
        assert_ne!(of("a", b"bc"), of("ab", b"c"));
        // A guess that is repeated is another one where the code has changed meanwhile.
        let answer = |id| of_kind(CredentialsKind::Answer(Some(QuestionId::from_bytes([id; 16]))), "a", b"b");
        assert_eq!(answer(1), answer(1));
        assert_ne!(answer(1), answer(2));
        assert_ne!(answer(1), of("a", b"b"));
    }
}
