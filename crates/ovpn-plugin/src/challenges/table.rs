//! The questions that are open: each can be answered once, for a while, by whom it was asked; and there is a bound.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use super::binding::Binding;
use crate::Decision;

/// Bytes of an id.
pub(super) const ID_BYTES: usize = 16;

/// Of one user: the newest ones. Somebody who knows one password cannot take the room of everybody else.
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

/// All of them.
#[derive(Debug)]
pub(super) struct Table<T> {
    open: HashMap<Key, Open<T>>,
    most: usize,
}

impl<T> Table<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { open: HashMap::new(), most }
    }

    /// Makes room for one more question to this user; nothing if there is none. Those that give way come back: dropped,
    /// a login that waits is rejected, which the caller does without holding a lock.
    pub(super) fn make_room(&mut self, user: &Binding, now: Instant) -> Option<Vec<Open<T>>> {
        let mut gone = self.take_out(|open| open.until <= now);
        let of_user = self.open.iter().filter(|(_, open)| open.binding.is_same_user(user));
        if of_user.clone().count() >= MOST_OF_ONE_USER {
            let oldest = of_user.min_by_key(|(_, open)| open.until).map(|(key, _)| key.clone());
            gone.extend(oldest.and_then(|key| self.open.remove(&key)));
        }
        if self.open.len() >= self.most {
            // Clients that are gone cost a look at a file each, so they are looked for only now.
            let is_gone = |open: &Open<T>| open.decision.as_ref().is_some_and(|login| !login.is_wanted());
            gone.extend(self.take_out(is_gone));
        }
        (self.open.len() < self.most).then_some(gone)
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
        let gone = table.make_room(&user(name), now)?.len();
        let until = now + Duration::from_secs(60);
        let open = Open { value: u32::from(number), binding: user(name), round: 1, until, decision: None };
        table.insert(Key::Id([number; 16]), open);
        Some(gone)
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
        assert_eq!(table.take(&key, in_time, |found| *found == user("joe")).unwrap().value, 1);
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
