//! Whether a plugin is being closed: what is undecided then is rejected without a word, as OpenVPN ends its clients anyway.

use std::sync::atomic::{AtomicUsize, Ordering};

static CLOSING: AtomicUsize = AtomicUsize::new(0);

/// A plugin of this process is being closed as long as this lives.
pub(crate) struct Closing(());

impl Closing {
    pub(crate) fn begin() -> Self {
        CLOSING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        CLOSING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether a decision that is dropped now was forgotten: not by a panic, which has its line, nor at the plugin's end.
pub(crate) fn was_forgotten() -> bool {
    CLOSING.load(Ordering::Relaxed) == 0 && !std::thread::panicking()
}
