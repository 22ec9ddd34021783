//! The last answers by which users chose new passwords. A client keeps such an answer in place of the password: it sends it
//! again when keys are renegotiated and when it connects anew. Then it is that password, and PAM checks it like one.
//!
//! Without this, each client would lose its connection an hour after the change. That opens no new way in: a person who knows
//! the answer could send it without an id.

use std::collections::VecDeque;

use crate::protocol::question::QuestionId;

/// The most that are known; the oldest are forgotten, and their users log in again.
const MOST: usize = 4096;

/// One answer.
#[derive(Debug)]
struct NewPassword {
    id: QuestionId,
    username: Vec<u8>,
    common_name: Vec<u8>,
}

/// All of them, oldest first.
#[derive(Debug, Default)]
pub struct NewPasswords {
    answers: VecDeque<NewPassword>,
}

impl NewPasswords {
    /// The answer to this question was the new password.
    pub fn add(&mut self, id: QuestionId, username: &[u8], common_name: &[u8]) {
        if self.answers.len() == MOST {
            self.answers.pop_front();
        }
        self.answers.push_back(NewPassword {
            id,
            username: username.into(),
            common_name: common_name.into(),
        });
    }

    /// Whether an answer to this question is this user's password.
    pub fn has(&self, id: &QuestionId, username: &[u8], common_name: &[u8]) -> bool {
        // Each is looked at, so that the time does not tell where it stands.
        let named = self.answers.iter().filter(|one| one.id == *id);
        named.fold(false, |_, one| one.username == username && one.common_name == common_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> QuestionId {
        let [low, high] = [number as u64, 7].map(u64::to_le_bytes);
        QuestionId::from_bytes([low, high].concat().try_into().unwrap())
    }

    #[test]
    fn an_answer_is_the_password_of_its_user_only() {
        let mut table = NewPasswords::default();
        table.add(id(1), b"alice", b"laptop");
        assert!(table.has(&id(1), b"alice", b"laptop") && table.has(&id(1), b"alice", b"laptop"));
        for (number, username, common_name) in
            [(2, "alice", "laptop"), (1, "bob", "laptop"), (1, "alice", ""), (1, "alice", "Laptop")]
        {
            assert!(!table.has(&id(number), username.as_bytes(), common_name.as_bytes()), "{username}");
        }
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut table = NewPasswords::default();
        (0..=MOST).for_each(|number| table.add(id(number), b"alice", b""));
        assert!(!table.has(&id(0), b"alice", b"") && table.has(&id(1), b"alice", b""));
        assert!(table.has(&id(MOST), b"alice", b"") && table.answers.len() == MOST);
    }
}
