//! Who joins a transaction, and who never does.

use std::hash::RandomState;
use std::time::Instant;

use super::*;
use crate::protocol::attempt_origin::tests::origin;
use crate::protocol::{AttemptRequest, Credentials, CredentialsKind};
use crate::supervisor::source::Prefixes;

/// Makes attempts whose fingerprints can be compared.
#[derive(Default)]
struct Client {
    key: RandomState,
    last: u64,
}

impl Client {
    fn sends(&mut self, username: &str, address: &str, (credentials, common_name): &Sending) -> Attempt {
        self.last += 1;
        let request = AttemptRequest {
            session: false,
            id: self.last,
            deferred: true,
            credentials_kind: CredentialsKind::Password,
            username: username.into(),
            sent_as: vec![],
            common_name: common_name.clone(),
            origin: origin(address, u16::try_from(self.last).unwrap()),
            credentials: credentials.seal().unwrap(),
            client: self.last.to_ne_bytes().to_vec(),
            kept: std::time::Duration::ZERO,
        };
        Attempt::new(Instant::now(), request, None, Prefixes::default(), &self.key)
    }
}

/// What a client sends besides its name.
type Sending = (Credentials, Vec<u8>);

fn credentials(password: &str, response: Option<&str>, common_name: &str) -> Sending {
    let response = response.map(|response| Secret::copy_of(response.as_bytes()));
    (Credentials { password: Secret::copy_of(password.as_bytes()), response }, common_name.into())
}

const ADDRESS: &str = "192.0.2.1";

fn repeats() -> RepeatedAttempts {
    RepeatedAttempts::new(&[7; KEY_BYTES][..]).unwrap()
}

fn leads(repeats: &mut RepeatedAttempts, attempt: Attempt) -> Attempt {
    repeats.join(attempt).expect("there is nothing to join")
}

fn ids(attempts: &[Attempt]) -> Vec<u64> {
    attempts.iter().map(|attempt| attempt.id).collect()
}

#[test]
fn the_same_from_the_same_address_joins() {
    let (mut repeats, mut client) = (repeats(), Client::default());
    let same = credentials("secret", Some("push"), "laptop");
    let first = leads(&mut repeats, client.sends("alice", ADDRESS, &same));
    for _ in 0..2 {
        assert!(repeats.join(client.sends("alice", ADDRESS, &same)).is_none());
    }
    assert_eq!(ids(&repeats.end(&first)), [2, 3]);
    // The transaction is over: the next one is a new one.
    let next = leads(&mut repeats, client.sends("alice", ADDRESS, &same));
    assert_eq!(ids(&repeats.end(&next)), [0u64; 0]);
    assert!(repeats.transactions.is_empty() && repeats.joined.is_empty());
}

#[test]
fn an_attempt_that_differs_in_anything_does_not_join() {
    let (mut repeats, mut client) = (repeats(), Client::default());
    let same = credentials("secret", None, "laptop");
    let first = leads(&mut repeats, client.sends("alice", ADDRESS, &same));
    for (username, address, other) in [
        ("alice", ADDRESS, credentials("Secret", None, "laptop")),
        ("alice", ADDRESS, credentials("secret ", None, "laptop")),
        ("alice", ADDRESS, credentials("secret", Some(""), "laptop")),
        ("alice", ADDRESS, credentials("secret", None, "")),
        ("alice", ADDRESS, credentials("secret", None, "phone")),
        ("alic", ADDRESS, credentials("secret", None, "laptop")),
        ("alice", "192.0.2.2", credentials("secret", None, "laptop")),
        ("alice", "", credentials("secret", None, "laptop")),
    ] {
        leads(&mut repeats, client.sends(username, address, &other));
    }
    let sent_as = b"alice@corp".to_vec();
    leads(&mut repeats, Attempt { sent_as, ..client.sends("alice", ADDRESS, &same) });
    assert_eq!(ids(&repeats.end(&first)), [0u64; 0]);
}

/// With another key the same attempt is another one, and where one field ends does not matter less than what is in it.
#[test]
fn the_hash_is_keyed_and_of_each_field_by_itself() {
    let mut client = Client::default();
    let hash = |repeats: &RepeatedAttempts, attempt: &Attempt| repeats.hash(attempt).unwrap();
    let attempt = client.sends("alice", ADDRESS, &credentials("secret", None, ""));
    let (one, other) = (repeats(), RepeatedAttempts::new(&[8; KEY_BYTES][..]).unwrap());
    assert_ne!(hash(&one, &attempt), hash(&other, &attempt));
    let shifted = client.sends("alice1", &ADDRESS[1..], &credentials("secret", None, ""));
    assert_ne!(hash(&one, &attempt), hash(&one, &shifted));
    assert!(RepeatedAttempts::new(&[7; KEY_BYTES - 1][..]).is_err());
}

#[test]
fn when_the_first_leaves_before_pam_was_asked_the_others_go_on() {
    let (mut repeats, mut client) = (repeats(), Client::default());
    let same = credentials("secret", None, "");
    let first = leads(&mut repeats, client.sends("alice", ADDRESS, &same));
    for _ in 0..3 {
        assert!(repeats.join(client.sends("alice", ADDRESS, &same)).is_none());
    }
    // One that has joined leaves, and no other one.
    assert_eq!(repeats.cancel(3).map(|attempt| attempt.id), Some(3));
    assert!(repeats.cancel(3).is_none() && repeats.cancel(1).is_none() && repeats.cancel(99).is_none());
    let mut first = first;
    let second = repeats.leave(&mut first).unwrap();
    assert_eq!(second.id, 2);
    assert_eq!(second.credentials.as_ref().unwrap().expose(), same.0.seal().unwrap().expose());
    assert!(repeats.end(&first).is_empty(), "it has left");
    assert!(repeats.join(client.sends("alice", ADDRESS, &same)).is_none());
    assert_eq!(ids(&repeats.end(&second)), [4, 5]);
    assert!(repeats.transactions.is_empty() && repeats.joined.is_empty());
}

#[test]
fn credentials_are_not_kept() {
    let (mut repeats, mut client) = (repeats(), Client::default());
    let same = credentials("secret", None, "");
    let first = leads(&mut repeats, client.sends("alice", ADDRESS, &same));
    assert!(repeats.join(client.sends("alice", ADDRESS, &same)).is_none());
    assert!(repeats.transactions.values().flatten().all(|attempt| attempt.credentials.is_none()));
    assert_eq!(ids(&repeats.end(&first)), [2]);
}

#[test]
fn a_question_is_that_of_the_same_attempt_as_long_as_it_waits() {
    let (mut repeats, mut client) = (repeats(), Client::default());
    let same = credentials("secret", None, "");
    let question = |number| Question {
        id: QuestionId::from_bytes([number; 16]),
        echo: false,
        page: false,
        private: false,
        text: vec![],
    };
    let first = leads(&mut repeats, client.sends("alice", ADDRESS, &same));
    assert_eq!(repeats.question(&first), None);
    repeats.asks(&first, &question(1), |_| true);
    assert!(repeats.end(&first).is_empty());
    assert_eq!(repeats.question(&client.sends("alice", ADDRESS, &same)), Some(&question(1)));
    let other = client.sends("alice", ADDRESS, &credentials("guess", None, ""));
    assert_eq!(repeats.question(&other), None);
    // Another one was asked, and the first one waits no more.
    let other = leads(&mut repeats, other);
    repeats.asks(&other, &question(2), |id| *id == question(2).id);
    assert_eq!(repeats.question(&client.sends("alice", ADDRESS, &same)), None);
    assert_eq!(repeats.asked.len(), 1);
}
