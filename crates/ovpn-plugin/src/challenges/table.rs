//! The questions that are open: each can be answered once, for a while, by whom it was asked; and there is a bound.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use zeroize::Zeroizing;

use super::binding::{Binding, Source};
use crate::Decision;

/// Bytes of an id.
pub(super) const ID_BYTES: usize = 16;

/// Of one user: the newest ones. Somebody who knows one password cannot take the room of everybody else, unless a backend
/// knows the user by many names (`joe`, `Joe`): then the room of a source counts.
const MOST_OF_ONE_USER: usize = 8;

/// How an answer finds its question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// By the id that came with the question and comes back with the answer.
    Id([u8; ID_BYTES]),
    /// By the control file of the login that waits. OpenVPN makes its name up, and passes it with the answer; no client
    /// can choose it.
    ControlFile(PathBuf),
}

impl Key {
    /// Of a state id, as [`state_id`] writes it; nothing else is one.
    pub(super) fn of_state_id(text: &str) -> Option<Self> {
        let digits: &[u8; 2 * ID_BYTES] = text.as_bytes().try_into().ok()?;
        let mut id = [0; ID_BYTES];
        for (byte, pair) in id.iter_mut().zip(digits.chunks(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(Self::Id(id))
    }
}

/// 32 hexadecimal digits.
pub(super) fn state_id(id: &[u8; ID_BYTES]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// An open question.
#[derive(Debug)]
pub(super) struct Open<T> {
    /// What the plugin keeps for the answer.
    pub(super) value: T,
    pub(super) binding: Binding,
    /// How many questions this login was asked, this one included.
    pub(super) round: u32,
    pub(super) until: Instant,
    /// The login that waits.
    pub(super) decision: Option<Decision>,
}

/// Why there is no question for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoQuestion {
    /// Never asked, answered already, given up, or too old.
    Unknown,
    /// Asked of somebody else, or somewhere else.
    Another,
}

/// What was done to have room for one more.
#[must_use]
pub(super) struct QuestionRoom<T> {
    pub(super) is_there: bool,
    /// A question from a source with more of them has given way.
    pub(super) from_another_source: bool,
    /// Those that have given way. Dropped, a login that waits is rejected: not to be done under a lock.
    gone: Vec<Open<T>>,
}

impl<T> Drop for QuestionRoom<T> {
    fn drop(&mut self) {
        self.gone.drain(..).for_each(Open::give_up);
    }
}

impl<T> Open<T> {
    /// Whether its client is gone. That costs a look at a file, so it is asked only where there is no room.
    fn is_gone(&self) -> bool {
        self.decision.as_ref().is_some_and(|login| !login.is_wanted())
    }

    /// Rejects the login that waits.
    pub(super) fn give_up(self) {
        if let Some(decision) = self.decision {
            decision.give_up();
        }
    }
}

/// A login that is asked while its password is checked.
#[derive(Debug)]
pub(super) struct PendingCheck {
    pub(super) username: Vec<u8>,
    pub(super) until: Instant,
    /// The answer, if it is there already.
    pub(super) answer: Option<Zeroizing<Vec<u8>>>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Table<T> {
    open: HashMap<Key, Open<T>>,
    most: usize,
    /// By control file. They are no open questions yet: as many as threads are at work on them.
    pub(super) checks: HashMap<PathBuf, PendingCheck>,
}

pub(super) fn lock<T>(table: &Mutex<Table<T>>) -> MutexGuard<'_, Table<T>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Table<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { open: HashMap::new(), most, checks: HashMap::new() }
    }

    /// Makes room for one more question to this user.
    pub(super) fn make_room(&mut self, user: &Binding, now: Instant) -> QuestionRoom<T> {
        let mut gone = self.take_out(|open| open.until <= now);
        let of_user = |open: &Open<T>| open.binding.is_same_user(user);
        if self.open.values().filter(|open| of_user(open)).count() >= MOST_OF_ONE_USER {
            // One who knows the password elsewhere first loses what was asked there.
            let oldest = self
                .take_oldest(|open| of_user(open) && open.binding.source == user.source)
                .or_else(|| self.take_oldest(of_user));
            gone.extend(oldest);
        }
        if self.is_full() {
            gone.extend(self.take_out(Open::is_gone));
        }
        let mut from_another_source = false;
        if self.is_full() {
            let oldest = self.take_from_larger(user.source, |_| true);
            from_another_source = oldest.is_some();
            gone.extend(oldest);
        }
        QuestionRoom { is_there: !self.is_full(), from_another_source, gone }
    }

    /// The questions that nobody can answer any more. Until somebody looks for them, they keep what they hold.
    pub(super) fn take_over_or_gone(&mut self, now: Instant) -> Vec<Open<T>> {
        self.take_out(|open| open.until <= now || open.is_gone())
    }

    fn is_full(&self) -> bool {
        self.open.len() >= self.most
    }

    fn take_oldest(&mut self, wanted: impl Fn(&Open<T>) -> bool) -> Option<Open<T>> {
        let of_them = self.open.iter().filter(|(_, open)| wanted(open));
        let key = of_them.min_by_key(|(_, open)| open.until).map(|(key, _)| key.clone())?;
        self.open.remove(&key)
    }

    /// Of these questions, the oldest one of the source with the most, if that has no fewer than this source also after it
    /// has lost one to it.
    pub(super) fn take_from_larger(
        &mut self,
        this: Source,
        of: impl Fn(&Open<T>) -> bool,
    ) -> Option<Open<T>> {
        let mut counts: HashMap<Source, usize> = HashMap::new();
        for open in self.open.values().filter(|open| of(open)) {
            *counts.entry(open.binding.source).or_default() += 1;
        }
        let own = counts.get(&this).copied().unwrap_or_default();
        let (source, _) =
            counts.into_iter().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > own + 1)?;
        self.take_oldest(|open| open.binding.source == source && of(open))
    }

    fn take_out(&mut self, wanted: impl Fn(&Open<T>) -> bool) -> Vec<Open<T>> {
        let keys: Vec<Key> =
            self.open.iter().filter(|(_, open)| wanted(open)).map(|(key, _)| key.clone()).collect();
        keys.iter().filter_map(|key| self.open.remove(key)).collect()
    }

    pub(super) fn insert(&mut self, key: Key, open: Open<T>) -> Option<Open<T>> {
        self.open.insert(key, open)
    }

    /// Takes the question this is the answer to, if `is_theirs`. Another one's stays, for who was asked.
    pub(super) fn take(
        &mut self,
        key: &Key,
        now: Instant,
        is_theirs: impl FnOnce(&Binding) -> bool,
    ) -> Result<Open<T>, NoQuestion> {
        let open = self.open.get(key).filter(|open| now < open.until).ok_or(NoQuestion::Unknown)?;
        if !is_theirs(&open.binding) {
            return Err(NoQuestion::Another);
        }
        self.open.remove(key).ok_or(NoQuestion::Unknown)
    }

    /// The answer to a question whose password has just been found right, if it is there already.
    pub(super) fn take_early(&mut self, control: &PathBuf) -> Option<Zeroizing<Vec<u8>>> {
        let answer = self.checks.get_mut(control)?.answer.take()?;
        self.checks.remove(control);
        Some(answer)
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn user(name: &str) -> Binding {
        Binding::of_names(Some(name.as_bytes()), None)
    }

    fn add(table: &mut Table<u32>, number: u8, name: &str, now: Instant) -> Option<usize> {
        add_from(table, number, user(name), now)
    }

    fn add_from(table: &mut Table<u32>, number: u8, binding: Binding, now: Instant) -> Option<usize> {
        let room = table.make_room(&binding, now);
        let until = now + Duration::from_secs(60);
        let open = Open { value: u32::from(number), binding, round: 1, until, decision: None };
        room.is_there.then(|| table.insert(Key::Id([number; 16]), open))?;
        Some(room.gone.len())
    }

    fn from(name: &str, address: u8) -> Binding {
        let mut binding = user(name);
        binding.source = Source::Address([192, 0, 2, address].into());
        binding
    }

    #[test]
    fn an_answer_counts_once_in_time_from_whom_was_asked() {
        let (mut table, now) = (Table::new(10), Instant::now());
        add(&mut table, 1, "joe", now).unwrap();
        let key = Key::Id([1; 16]);
        assert_eq!(table.take(&key, now, |_| false).unwrap_err(), NoQuestion::Another);
        let late = now + Duration::from_secs(60);
        assert_eq!(table.take(&key, late, |_| true).unwrap_err(), NoQuestion::Unknown);
        let in_time = late - Duration::from_millis(1);
        assert_eq!(table.take(&key, in_time, |found| found.is_same_user(&user("joe"))).unwrap().value, 1);
        assert_eq!(table.take(&key, in_time, |_| true).unwrap_err(), NoQuestion::Unknown);
    }

    #[test]
    fn one_user_takes_nobody_elses_room() {
        let (mut table, now) = (Table::new(10), Instant::now());
        for number in 0..20 {
            let later = now + Duration::from_millis(number.into());
            assert_eq!(add(&mut table, number, "joe", later), Some(usize::from(number >= 8)));
        }
        assert_eq!(table.len(), 8);
        // The newest ones are left.
        assert!(table.take(&Key::Id([12; 16]), now, |_| true).is_ok());
        assert!(table.take(&Key::Id([11; 16]), now, |_| true).is_err());
        assert_eq!(add(&mut table, 100, "ann", now), Some(0));
    }

    /// Somebody who knows one password has as many names for this user as the backend accepts.
    #[test]
    fn one_source_takes_nobody_elses_room() {
        let (mut table, now) = (Table::new(4), Instant::now());
        let later = |number: u8| now + Duration::from_millis(number.into());
        for number in 0..4 {
            assert_eq!(
                add_from(&mut table, number, from(&format!("joe{number}"), 1), later(number)),
                Some(0)
            );
        }
        assert_eq!(add_from(&mut table, 4, from("joe4", 1), later(4)), None, "it has all of it already");
        // Its oldest ones give way, until it has no more than the others.
        assert_eq!(add_from(&mut table, 5, from("ann", 2), later(5)), Some(1));
        assert_eq!(add_from(&mut table, 6, from("bob", 3), later(6)), Some(1));
        assert_eq!(add_from(&mut table, 7, from("eve", 1), later(7)), None);
        assert_eq!(add_from(&mut table, 8, from("sue", 4), later(8)), Some(1));
        assert_eq!(add_from(&mut table, 9, from("tom", 5), later(9)), None);
        let mut left: Vec<u32> = table.open.values().map(|open| open.value).collect();
        left.sort_unstable();
        assert_eq!(left, [3, 5, 6, 8]);
    }

    /// Somebody else knows the password.
    #[test]
    fn who_asks_from_elsewhere_loses_what_was_asked_there() {
        let (mut table, now) = (Table::new(100), Instant::now());
        add_from(&mut table, 0, from("joe", 1), now).unwrap();
        for number in 1..30 {
            let later = now + Duration::from_millis(number.into());
            add_from(&mut table, number, from("joe", 2), later).unwrap();
        }
        assert_eq!(table.len(), 8);
        assert!(table.take(&Key::Id([0; 16]), now, |_| true).is_ok());
    }

    #[test]
    fn there_is_a_bound_and_old_ones_make_room() {
        let (mut table, now) = (Table::new(3), Instant::now());
        for number in 0..3 {
            assert_eq!(add(&mut table, number, &format!("user-{number}"), now), Some(0));
        }
        assert_eq!(add(&mut table, 3, "user-3", now), None);
        assert_eq!(add(&mut table, 3, "user-3", now + Duration::from_secs(60)), Some(3));
    }

    #[test]
    fn a_state_id_is_32_small_digits_and_nothing_else() {
        let text = "0123456789abcdef0123456789abcdef";
        let Some(Key::Id(id)) = Key::of_state_id(text) else { panic!("no id") };
        assert_eq!(state_id(&id), text);
        for other in ["", "0", &text[1..], &text.to_uppercase(), &format!("{text}0"), &text.replace('0', "g")]
        {
            assert_eq!(Key::of_state_id(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn every_id_is_read_again(id: [u8; 16], text in "\\PC{0,40}") {
            prop_assert_eq!(Key::of_state_id(&state_id(&id)), Some(Key::Id(id)));
            if let Some(Key::Id(id)) = Key::of_state_id(&text) {
                prop_assert_eq!(state_id(&id), text);
            }
        }
    }
}
