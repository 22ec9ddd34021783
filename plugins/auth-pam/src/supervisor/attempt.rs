//! An attempt as the supervisor sees it. Its credentials are a block that only a worker opens.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use secret::Secret;

use super::alike::Place;
use super::scheduler::Job;
use super::source::{Prefixes, Source};
use crate::origin::Origin;
use crate::protocol::Check;
use crate::quoted::shown;

/// An attempt that has no verdict yet.
#[derive(Debug)]
pub struct Attempt {
    /// The front's number.
    pub id: u64,
    /// Nobody stands still for it.
    pub deferred: bool,
    /// Name as the client sent it.
    pub username: Vec<u8>,
    /// Where it comes from.
    pub origin: Origin,
    /// Where it counts.
    pub source: Source,
    /// What the worker needs; gone once it has it.
    pub credentials: Option<Secret>,
    /// What modules may want to know of the client.
    pub client: Vec<u8>,
    /// Tells the same name and credentials again from others; a keyed hash that says nothing about them.
    pub fingerprint: u64,
    /// When it came.
    pub arrived: Instant,
    /// When it is over its time.
    pub deadline: Option<Instant>,
    /// Others may have joined its transaction ([`super::repeats`]).
    pub leads: Option<u128>,
    /// Its place among those of the same username and source, as long as it has no answer.
    pub place: Option<Place>,
}

impl Attempt {
    /// From what the front sent. `key`: of the fingerprints.
    pub fn new(
        now: Instant,
        check: Check,
        time_limit: Option<Duration>,
        prefixes: Prefixes,
        key: &RandomState,
    ) -> Self {
        Attempt {
            id: check.id,
            deferred: check.deferred,
            source: Source::of(&check.origin.address, prefixes),
            fingerprint: key.hash_one((&check.username, check.credentials.expose())),
            username: check.username,
            origin: check.origin,
            credentials: Some(check.credentials),
            client: check.client,
            arrived: now,
            deadline: time_limit.map(|limit| now + limit),
            leads: None,
            place: None,
        }
    }

    /// The username for the log.
    pub fn user(&self) -> String {
        shown(&self.username)
    }
}

impl Job for Attempt {
    fn id(&self) -> u64 {
        self.id
    }

    fn source(&self) -> Source {
        self.source
    }

    fn username(&self) -> &[u8] {
        &self.username
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::origin::tests::origin;

    /// An attempt of this user from there.
    pub fn attempt(id: u64, username: &str, address: &str) -> Attempt {
        let check = Check {
            id,
            deferred: true,
            username: username.into(),
            origin: origin(address, 0),
            credentials: Secret::copy_of(b"block"),
            client: vec![],
        };
        Attempt::new(Instant::now(), check, None, Prefixes::default(), &RandomState::new())
    }

    #[test]
    fn fingerprints_tell_names_and_credentials_apart() {
        let key = RandomState::new();
        let of = |username: &str, block: &[u8]| {
            let (username, credentials) = (username.into(), Secret::copy_of(block));
            let origin = origin("", 0);
            let check = Check { id: 1, deferred: true, username, origin, credentials, client: vec![] };
            Attempt::new(Instant::now(), check, None, Prefixes::default(), &key).fingerprint
        };
        assert_eq!(of("a", b"b"), of("a", b"b"));
        assert_ne!(of("a", b"b"), of("a", b"c"));
        assert_ne!(of("a", b"b"), of("c", b"b"));
        assert_ne!(of("a", b"bc"), of("ab", b"c"));
    }
}
