//! The same again and again, at the same time: most of a test's time is waiting.

use std::thread;

/// Does this for each item, all at once. All are waited for; then the first that has panicked is passed on.
pub fn side_by_side<T: Send>(items: impl IntoIterator<Item = T>, play: impl Fn(T) + Sync) {
    let play = &play;
    thread::scope(|scope| {
        let running: Vec<_> = items.into_iter().map(|item| scope.spawn(move || play(item))).collect();
        let failed: Vec<_> = running.into_iter().filter_map(|thread| thread.join().err()).collect();
        if let Some(payload) = failed.into_iter().next() {
            std::panic::resume_unwind(payload);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn all_are_played_at_once() {
        let all = Barrier::new(3);
        side_by_side(0..3, |_| _ = all.wait());
    }

    #[test]
    fn one_that_panics_is_not_lost_and_the_others_go_on() {
        let done = AtomicUsize::new(0);
        let result = std::panic::catch_unwind(|| {
            side_by_side([false, true, false], |bad| {
                assert!(!bad, "this one");
                done.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"this one"));
        assert_eq!(done.load(Ordering::Relaxed), 2);
    }
}
