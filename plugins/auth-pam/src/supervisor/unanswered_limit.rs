//! How many attempts of one username from one source have no answer yet. Only so many may, because they run one or two
//! at a time: by how long more of them take, or by which of them find no room, a client could see how long each takes,
//! which is longer for a username that has an account.
//!
//! For the same reason it does not matter how far an attempt has come. It counts until its client has the answer, and a
//! refusal takes its time whatever PAM does. An attempt that PAM asks a question, or whose client is gone, counts as long
//! as if it were refused.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::time::Instant;

use super::source::Source;

/// Attempts of one username from one source without an answer: those that run and a few that wait.
pub const MAX_UNANSWERED: usize = 6;

/// Places of attempts that are gone; beyond that number the oldest are freed. A hostile front can cancel any number of
/// attempts, and more than the queue holds cannot be clients that wait.
const MAX_KEPT: usize = 4096;

/// The source, and a keyed hash of the username, which may be long.
type Key = (Source, u64);

#[derive(Debug, Default)]
struct Table {
    keys: RandomState,
    counts: HashMap<Key, usize>,
    /// Places of attempts that are gone before their time.
    kept: BTreeSet<(Instant, u64, Key)>,
    last: u64,
}

/// All of them.
#[derive(Debug, Default, Clone)]
pub struct UnansweredLimit(Rc<RefCell<Table>>);

/// The place of one attempt, free again when this is dropped or, after [`UnansweredPlace::keep_until`], at that time.
#[derive(Debug)]
pub struct UnansweredPlace {
    table: UnansweredLimit,
    key: Key,
    until: Option<Instant>,
}

impl Table {
    fn free(&mut self, key: &Key) {
        if let Some(count) = self.counts.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(key);
            }
        }
    }
}

impl UnansweredLimit {
    /// A place, if there is one.
    pub fn take(&self, now: Instant, source: Source, username: &[u8]) -> Option<UnansweredPlace> {
        let mut table = self.0.borrow_mut();
        while table.kept.first().is_some_and(|(until, ..)| *until <= now) {
            if let Some((_, _, key)) = table.kept.pop_first() {
                table.free(&key);
            }
        }
        let key: Key = (source, table.keys.hash_one(username));
        let count = table.counts.entry(key).or_default();
        if *count >= MAX_UNANSWERED {
            return None;
        }
        *count += 1;
        Some(UnansweredPlace { table: self.clone(), key, until: None })
    }
}

impl UnansweredPlace {
    /// The attempt ends now, but its place is taken until then.
    pub fn keep_until(&mut self, until: Instant) {
        self.until = Some(until);
    }
}

impl Drop for UnansweredPlace {
    fn drop(&mut self) {
        let mut table = self.table.0.borrow_mut();
        match self.until {
            Some(until) => {
                table.last += 1;
                let entry = (until, table.last, self.key);
                table.kept.insert(entry);
                if table.kept.len() > MAX_KEPT {
                    if let Some((_, _, key)) = table.kept.pop_first() {
                        table.free(&key);
                    }
                }
            }
            None => table.free(&self.key),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const A: Source = Source::V4(1);
    const B: Source = Source::V4(2);

    fn full(limit: &UnansweredLimit, now: Instant) -> Vec<UnansweredPlace> {
        let places: Vec<UnansweredPlace> =
            (0..MAX_UNANSWERED).filter_map(|_| limit.take(now, A, b"alice")).collect();
        assert_eq!(places.len(), MAX_UNANSWERED);
        places
    }

    #[test]
    fn so_many_of_one_username_in_one_source_and_no_more() {
        let (limit, now) = (UnansweredLimit::default(), Instant::now());
        let mut places = full(&limit, now);
        assert!(limit.take(now, A, b"alice").is_none());
        assert!(limit.take(now, A, b"bob").is_some() && limit.take(now, B, b"alice").is_some());
        places.pop();
        assert!(limit.take(now, A, b"alice").is_some());
        drop(places);
        assert!(limit.0.borrow().counts.is_empty());
    }

    #[test]
    fn a_place_that_is_kept_is_free_when_its_time_is_over() {
        let (limit, now) = (UnansweredLimit::default(), Instant::now());
        let until = now + Duration::from_secs(1);
        for mut place in full(&limit, now) {
            place.keep_until(until);
        }
        assert!(limit.take(until - Duration::from_millis(1), A, b"alice").is_none());
        drop(full(&limit, until));
        assert!(limit.0.borrow().counts.is_empty() && limit.0.borrow().kept.is_empty());
    }
}
