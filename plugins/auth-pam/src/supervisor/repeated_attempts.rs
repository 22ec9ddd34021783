//! Push once: an attempt that repeats one whose transaction is not over joins it and gets the same verdict. Otherwise a
//! person who connects again while the phone asks for a confirmation would be asked twice.
//!
//! The same means: username as it was sent, address, password, response and common name, byte for byte. The address and
//! not only the source, because PAM has been told that one. It is decided by a keyed hash of 128 bits, whose key nobody
//! else has: to be let in by somebody else's transaction takes a collision that can only be guessed. The credentials
//! themselves are not kept here, since only the worker has them while a transaction runs. Key and hashes are in no worker,
//! where a module could try passwords with them: workers are not forked from this process.
//!
//! How many join is bounded by how many attempts of one username and source may be without an answer
//! ([`super::unanswered_limit::MAX_UNANSWERED`]).

use std::collections::HashMap;
use std::io::{self, Read};

use secret::Secret;

use super::attempt::Attempt;
use super::siphash::{KEY_BYTES, siphash};
use crate::protocol::question::{Question, QuestionId};

/// What tells attempts apart.
type Hash = u128;

/// The transactions that run or wait for a worker, and the attempts that have joined them.
#[derive(Debug)]
pub struct RepeatedAttempts {
    key: Secret,
    /// Attempts that have joined, by the transaction's hash.
    transactions: HashMap<Hash, Vec<Attempt>>,
    /// Which transaction an attempt has joined.
    joined: HashMap<u64, Hash>,
    /// Questions of transactions that wait for an answer, as far as they still do.
    asked: HashMap<Hash, Question>,
    /// How often somebody was revoked.
    revocations: u64,
}

impl RepeatedAttempts {
    /// With a key from this source.
    pub fn new(mut random: impl Read) -> io::Result<Self> {
        let mut key = vec![0; KEY_BYTES];
        random.read_exact(&mut key)?;
        Ok(RepeatedAttempts {
            key: Secret::new(key),
            transactions: HashMap::new(),
            joined: HashMap::new(),
            asked: HashMap::new(),
            revocations: 0,
        })
    }

    /// Somebody was revoked. What comes from now on joins nothing from before, nor is it asked the same: it would be refused
    /// with it. That goes for all users, since it is not known yet which name PAM checks for whom.
    pub fn revoked(&mut self) {
        self.revocations += 1;
    }

    /// Has the attempt join the transaction that it repeats. If there is none it comes back, and others may join it as
    /// long as it has no verdict.
    pub fn join(&mut self, mut attempt: Attempt) -> Option<Attempt> {
        let Some(hash) = self.hash(&attempt) else { return Some(attempt) };
        if let Some(joined) = self.transactions.get_mut(&hash) {
            attempt.credentials = None;
            self.joined.insert(attempt.id, hash);
            joined.push(attempt);
            return None;
        }
        self.transactions.insert(hash, Vec::new());
        attempt.leads = Some(hash);
        Some(attempt)
    }

    /// The attempt has a verdict: it is that of these as well.
    pub fn end(&mut self, attempt: &Attempt) -> Vec<Attempt> {
        let joined = attempt.leads.and_then(|hash| self.transactions.remove(&hash)).unwrap_or_default();
        for other in &joined {
            self.joined.remove(&other.id);
        }
        joined
    }

    /// The attempt has led to a question. Those that nobody can answer any more are forgotten.
    pub fn asks(&mut self, attempt: &Attempt, question: &Question, waits: impl Fn(&QuestionId) -> bool) {
        self.asked.retain(|_, question| waits(&question.id));
        if let Some(hash) = attempt.leads {
            self.asked.insert(hash, question.clone());
        }
    }

    /// The question that an attempt like this one has led to. A person who connects again is asked the same, and gets no second
    /// message with another code. Whether it still waits for an answer is for the caller to say.
    pub fn question(&self, attempt: &Attempt) -> Option<&Question> {
        self.asked.get(&self.hash(attempt)?)
    }

    /// The attempt has left before PAM was asked: this one, which has joined it, goes on with what it has sent.
    pub fn leave(&mut self, attempt: &mut Attempt) -> Option<Attempt> {
        let mut joined = self.end(attempt).into_iter();
        let mut next = joined.next()?;
        let hash = attempt.leads.take()?;
        next.credentials = attempt.credentials.take();
        next.leads = Some(hash);
        next.probes = attempt.probes.take();
        let rest: Vec<Attempt> = joined.collect();
        self.joined.extend(rest.iter().map(|other| (other.id, hash)));
        self.transactions.insert(hash, rest);
        Some(next)
    }

    /// Takes an attempt out that has joined a transaction.
    pub fn cancel(&mut self, id: u64) -> Option<Attempt> {
        let joined = self.transactions.get_mut(&self.joined.remove(&id)?)?;
        let place = joined.iter().position(|attempt| attempt.id == id)?;
        Some(joined.remove(place))
    }

    /// `None`: nothing can be compared.
    fn hash(&self, attempt: &Attempt) -> Option<Hash> {
        let key = self.key.expose().first_chunk()?;
        let credentials = attempt.credentials.as_ref()?.expose();
        let fields =
            [&attempt.username, &attempt.sent_as, &attempt.common_name, &attempt.origin.address, credentials];
        // In one allocation that is large enough, for a vector that grows leaves pieces behind.
        let length: usize = fields.iter().map(|field| size_of::<usize>() + field.len()).sum();
        let mut message = Vec::with_capacity(length + 1 + size_of::<u64>());
        // A transaction that is kept for a session is another one.
        message.push(u8::from(attempt.session));
        message.extend_from_slice(&self.revocations.to_le_bytes());
        for field in fields {
            message.extend_from_slice(&field.len().to_le_bytes());
            message.extend_from_slice(field);
        }
        Some(siphash(key, Secret::new(message).expose()))
    }
}

#[cfg(test)]
#[path = "repeated_attempts_tests.rs"]
mod tests;
