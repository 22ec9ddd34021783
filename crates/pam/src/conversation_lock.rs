//! Who may be in the conversation: one thread of a module at a time, and nobody outside a PAM call.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// One caller at a time, and only while it is open. Closed at first.
#[derive(Debug, Default)]
pub(crate) struct ConversationLock {
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    Open,
    /// Somebody is in.
    Taken,
    /// Somebody is in, and nobody follows.
    Closing,
}

/// The right to be in the conversation, given back when dropped.
#[derive(Debug)]
pub(crate) struct ConversationGuard<'a>(&'a ConversationLock);

impl ConversationLock {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets somebody in.
    pub(crate) fn open(&self) {
        *self.state() = State::Open;
    }

    /// Lets nobody in any more, and waits until nobody is in. A thread of a module may still be when the PAM call returns.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        *state = if *state == State::Taken { State::Closing } else { State::Closed };
        while *state == State::Closing {
            state = self.left.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Goes in; `None` if that is not allowed now.
    pub(crate) fn enter(&self) -> Option<ConversationGuard<'_>> {
        let mut state = self.state();
        if *state != State::Open {
            return None;
        }
        *state = State::Taken;
        Some(ConversationGuard(self))
    }
}

impl Drop for ConversationGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        *state = if *state == State::Taken { State::Open } else { State::Closed };
        self.0.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Duration;

    #[test]
    fn one_at_a_time_and_only_while_open() {
        let lock = ConversationLock::default();
        assert!(lock.enter().is_none());
        lock.open();
        let inside = lock.enter().expect("open");
        assert!(lock.enter().is_none());
        drop(inside);
        drop(lock.enter().expect("open again"));
        lock.close();
        assert!(lock.enter().is_none());
    }

    #[test]
    fn closing_waits_for_who_is_in_and_stays_closed() {
        let lock = ConversationLock::default();
        lock.open();
        let inside = lock.enter().expect("open");
        let closed = AtomicBool::new(false);
        thread::scope(|scope| {
            let closer = scope.spawn(|| {
                lock.close();
                closed.store(true, Ordering::Release);
            });
            while *lock.state() != State::Closing {
                thread::sleep(Duration::from_millis(1));
            }
            assert!(lock.enter().is_none());
            assert!(!closed.load(Ordering::Acquire));
            drop(inside);
            closer.join().expect("no panic");
        });
        assert!(lock.enter().is_none());
    }
}
