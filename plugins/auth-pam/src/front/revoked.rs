//! What root has taken back (`ovpn-plugin revoke`): names, and since when what clients had under them is worth nothing. It is
//! kept here, since the front lives as long as OpenVPN, and a supervisor that is replaced changes nothing. That is no trust too
//! much: the front can let in anybody.
//!
//! A connection is as old as its first login. A token is as old as the login it was made for: OpenVPN writes that into it, and
//! has found it genuine.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use ovpn_plugin::AuthUserPassVerify;
use secret::Secret;

use super::client_names::LoginResult;
use crate::AuthPam;
use crate::protocol::passwordless_proof::PasswordlessProof;
use crate::protocol::{AttemptRequest, CredentialsKind, monotonic};

/// Names that are kept. When there are more, the oldest is revoked for everybody: then all log in anew, and none is forgotten.
const MOST: usize = 4096;
/// What tokens begin with.
const TOKEN: &[u8] = b"SESS_ID_AT_";
/// Bytes of a session's id, before the times.
const SESSION_ID: usize = 12;

/// When something was revoked: by a clock that nobody sets, and by that of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct At {
    since_epoch: Duration,
    instant: Instant,
}

/// How old what a client shows is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Age {
    /// When its connection has first logged in; nothing if that is not known.
    connection: Option<Instant>,
    /// When the login was that its token was made for, if it shows one.
    token: Option<Issued>,
}

/// When a token was first made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issued {
    /// Then, after the epoch.
    At(Duration),
    /// It is not written as the ones that are known.
    Unknown,
}

/// All that was revoked since OpenVPN was started.
#[derive(Debug, Default)]
pub struct RevokedNames {
    names: HashMap<Vec<u8>, At>,
    everybody: Option<At>,
}

impl RevokedNames {
    /// What this user had at that time is worth nothing. `at`: the same by the clock that nobody sets; of the other one nobody
    /// knows how far it has come since.
    pub fn add(&mut self, name: &[u8], since_epoch: Duration, at: Duration) {
        self.add_at(name, At { since_epoch, instant: instant_of(at) });
    }

    fn add_at(&mut self, name: &[u8], at: At) {
        self.names.insert(name.to_ascii_lowercase(), at);
        if self.names.len() > MOST {
            let oldest = self.names.iter().min_by_key(|(_, at)| **at).map(|(name, at)| (name.clone(), *at));
            if let Some((name, at)) = oldest {
                self.names.remove(&name);
                self.everybody = self.everybody.max(Some(at));
            }
        }
    }

    /// Whether what a client shows was revoked. `logins`: what PAM has said about those of clients.
    pub fn refuses(
        &self,
        event: &AuthUserPassVerify<'_>,
        attempt: &AttemptRequest,
        logins: &BTreeMap<u64, LoginResult>,
    ) -> bool {
        // Nearly always.
        if self.names.is_empty() {
            return false;
        }
        let (age, client) = (Age::of(event, attempt), event.client::<AuthPam>());
        let names = [event.username().unwrap_or_default(), &attempt.username, &attempt.sent_as];
        let checked = client.iter().flat_map(|client| client.checked(logins));
        let may_be_anybody = client.as_ref().is_some_and(|client| client.names.are_incomplete());
        self.covers(names.into_iter().chain(checked), age) || may_be_anybody && self.covers_anybody(age)
    }

    /// Whether what is so old was revoked under one of these names.
    fn covers<'a>(&self, names: impl IntoIterator<Item = &'a [u8]>, age: Age) -> bool {
        let of_names = names.into_iter().filter_map(|name| self.names.get(&name.to_ascii_lowercase()));
        of_names.chain(&self.everybody).any(|at| age.is_before(*at))
    }

    /// Whether anything was revoked of what is so old: it may be of a name that is not known.
    fn covers_anybody(&self, age: Age) -> bool {
        self.names.values().chain(&self.everybody).any(|at| age.is_before(*at))
    }
}

/// The instant that was `at` by the clock that nobody sets. The clocks are read in this order, since this thread may be
/// preempted between them. Then the instant is too late by that time, and a connection that began meanwhile has to log in
/// once more. The other way round it would be too early, and a connection from before the revocation would be spared.
fn instant_of(at: Duration) -> Instant {
    let ago = monotonic().saturating_sub(at);
    let now = Instant::now();
    now.checked_sub(ago).unwrap_or(now)
}

impl Age {
    /// Of what this client shows.
    fn of(event: &AuthUserPassVerify<'_>, attempt: &AttemptRequest) -> Self {
        let connection = event.client::<AuthPam>().and_then(|client| client.since);
        let shows_token = match attempt.credentials_kind {
            CredentialsKind::Passwordless { proof: PasswordlessProof::Token, .. } => true,
            // It may have one that says nothing of whose certificate it was made for.
            CredentialsKind::Passwordless { proof: PasswordlessProof::Certificate, .. } => {
                event.password().is_some_and(|token| !token.is_empty())
            }
            CredentialsKind::Password | CredentialsKind::Answer(_) => false,
        };
        Age { connection, token: shows_token.then(|| issued(event.password().unwrap_or_default())) }
    }

    fn is_before(&self, at: At) -> bool {
        let of_token = match self.token {
            // A token has whole seconds. One of the second in which its user was revoked may be older.
            Some(Issued::At(time)) => time <= at.since_epoch,
            Some(Issued::Unknown) => true,
            None => false,
        };
        of_token || self.connection.is_some_and(|since| since <= at.instant)
    }
}

/// When a token was first made: behind the id of its session stand two times of eight bytes, of which the first one stays.
pub fn issued(token: &[u8]) -> Issued {
    let text = token.strip_prefix(TOKEN).and_then(|rest| std::str::from_utf8(rest).ok());
    let bytes = text.and_then(|text| Base64::decode_vec(text).ok()).map(Secret::new);
    let time = bytes.as_ref().and_then(|bytes| bytes.expose().get(SESSION_ID..)?.first_chunk().copied());
    time.map_or(Issued::Unknown, |time| Issued::At(Duration::from_secs(u64::from_be_bytes(time))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: &[u8] = b"";

    const EPOCH: Duration = Duration::from_millis(1_764_270_000_700);

    fn connected(since: Instant) -> Age {
        Age { connection: Some(since), token: None }
    }

    fn at(instant: Instant) -> At {
        At { since_epoch: EPOCH, instant }
    }

    #[test]
    fn what_is_older_is_revoked_whatever_the_case_of_the_name() {
        let (mut revoked, now) = (RevokedNames::default(), Instant::now());
        revoked.add_at(b"Alice", at(now));
        let (before, after) = (now - Duration::from_secs(1), now + Duration::from_secs(1));
        for names in [[&b"alice"[..], NOBODY, NOBODY], [b"x", b"ALICE", NOBODY], [b"x", b"y", b"Alice"]] {
            assert!(revoked.covers(names, connected(before)));
            assert!(!revoked.covers(names, connected(after)));
        }
        assert!(!revoked.covers([b"bob", NOBODY, NOBODY], connected(before)));
        assert!(!revoked.covers([b"alice", NOBODY, NOBODY], Age { connection: None, token: None }));
    }

    /// The front may read of it only at the next login. Whatever time it is by then.
    #[test]
    fn what_is_read_late_was_revoked_when_it_was_said() {
        let (mut revoked, now) = (RevokedNames::default(), Instant::now());
        revoked.add(b"alice", EPOCH, monotonic() - Duration::from_secs(60));
        let names = [&b"alice"[..], NOBODY, NOBODY];
        assert!(!revoked.covers(names, connected(now - Duration::from_secs(30))));
        assert!(revoked.covers(names, connected(now - Duration::from_secs(90))));
    }

    /// Often enough to be in between the two looks at clocks.
    #[test]
    fn no_connection_from_before_is_spared() {
        for _ in 0..10_000 {
            let before = Instant::now();
            assert!(before <= instant_of(monotonic()));
        }
    }

    #[test]
    fn a_connection_of_unknown_names_may_be_anybodys() {
        let (mut revoked, now) = (RevokedNames::default(), Instant::now());
        assert!(!revoked.covers_anybody(connected(now)));
        revoked.add_at(b"alice", at(now));
        assert!(revoked.covers_anybody(connected(now - Duration::from_secs(1))));
        assert!(!revoked.covers_anybody(connected(now + Duration::from_secs(1))));
    }

    #[test]
    fn a_token_is_as_old_as_its_first_login() {
        let (mut revoked, now) = (RevokedNames::default(), Instant::now());
        revoked.add_at(b"alice", at(now));
        let names = [&b"alice"[..], NOBODY, NOBODY];
        let new = Some(now + Duration::from_secs(1));
        for (seconds, covered) in [(1_764_269_999, true), (1_764_270_000, true), (1_764_270_001, false)] {
            let token = Some(Issued::At(Duration::from_secs(seconds)));
            assert_eq!(revoked.covers(names, Age { connection: new, token }), covered);
        }
        assert!(revoked.covers(names, Age { connection: new, token: Some(Issued::Unknown) }));
    }

    #[test]
    fn a_token_says_when_it_was_made() {
        // Twelve bytes, 1764270000, 1764273600, and the hash.
        let bytes =
            [&[7; 12][..], &1_764_270_000_u64.to_be_bytes(), &1_764_273_600_u64.to_be_bytes(), &[9; 32]];
        let token = format!("SESS_ID_AT_{}", Base64::encode_string(&bytes.concat()));
        assert_eq!(issued(token.as_bytes()), Issued::At(Duration::from_secs(1_764_270_000)));
        for other in ["", "SESS_ID_AT_", "SESS_ID_AT_AAAA", "SESS_ID_AT_!", "password"] {
            assert_eq!(issued(other.as_bytes()), Issued::Unknown, "{other}");
        }
    }

    #[test]
    fn of_too_many_none_is_forgotten() {
        let (mut revoked, now) = (RevokedNames::default(), Instant::now());
        for number in 0..=MOST {
            let later = Duration::from_secs(number as u64);
            let at = At { since_epoch: EPOCH + later, instant: now + later };
            revoked.add_at(format!("user{number}").as_bytes(), at);
        }
        assert_eq!(revoked.names.len(), MOST);
        let long_ago = connected(now - Duration::from_secs(60));
        for number in [0, 1, MOST] {
            let name = format!("user{number}");
            assert!(revoked.covers([name.as_bytes(), NOBODY, NOBODY], long_ago), "{name}");
        }
        // And anybody else who was there before the oldest.
        assert!(revoked.covers([b"bob", NOBODY, NOBODY], long_ago));
        assert!(!revoked.covers([b"bob", NOBODY, NOBODY], connected(now + Duration::from_secs(90))));
    }
}
