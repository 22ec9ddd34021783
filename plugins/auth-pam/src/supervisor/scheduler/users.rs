//! How many transactions each username has, waiting and running: guesses at one account must not run side by side, and
//! modules that count failures are known to count wrong when they do.

use std::collections::HashMap;
use std::sync::Arc;

/// Transactions of one username that run at the same time. Two, because a client that reconnects must not wait for its
/// own earlier attempt.
pub const MAX_RUNNING: usize = 2;

/// Stands for a username while it is known; never used twice.
pub type UserId = u64;

#[derive(Debug)]
struct User {
    name: Arc<[u8]>,
    waiting: usize,
    running: usize,
}

impl User {
    fn startable(&self) -> usize {
        self.waiting.min(MAX_RUNNING.saturating_sub(self.running))
    }
}

/// All usernames that have something waiting or running.
#[derive(Debug, Default)]
pub struct Users {
    ids: HashMap<Arc<[u8]>, UserId>,
    users: HashMap<UserId, User>,
    startable: usize,
    last: UserId,
}

impl Users {
    /// How many attempts could start, as far as usernames go.
    pub fn startable(&self) -> usize {
        self.startable
    }

    /// How many further transactions of this username may run.
    pub fn room(&self, user: UserId) -> usize {
        MAX_RUNNING.saturating_sub(self.users.get(&user).map_or(0, |user| user.running))
    }

    /// The username's id, if it has something waiting or running.
    pub fn id(&self, name: &[u8]) -> Option<UserId> {
        self.ids.get(name).copied()
    }

    /// An attempt waits.
    pub fn waits(&mut self, name: &[u8]) -> UserId {
        let id = self.id(name).unwrap_or_else(|| {
            self.last += 1;
            let name: Arc<[u8]> = name.into();
            self.ids.insert(Arc::clone(&name), self.last);
            self.users.insert(self.last, User { name, waiting: 0, running: 0 });
            self.last
        });
        self.change(id, |user| user.waiting += 1);
        id
    }

    /// One that waited runs.
    pub fn started(&mut self, id: UserId) {
        self.change(id, |user| {
            user.waiting -= 1;
            user.running += 1;
        });
    }

    /// One that waited does not wait any more.
    pub fn left(&mut self, id: UserId) {
        self.change(id, |user| user.waiting -= 1);
    }

    /// One that ran has ended.
    pub fn finished(&mut self, id: UserId) {
        self.change(id, |user| user.running = user.running.saturating_sub(1));
    }

    fn change(&mut self, id: UserId, change: impl FnOnce(&mut User)) {
        let Some(user) = self.users.get_mut(&id) else { return };
        self.startable -= user.startable();
        change(user);
        self.startable += user.startable();
        if user.waiting == 0 && user.running == 0 {
            self.ids.remove(&user.name);
            self.users.remove(&id);
        }
    }
}
