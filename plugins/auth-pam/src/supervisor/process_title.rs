//! What `ps` says the supervisor is doing.

use std::time::{Duration, Instant};

use privsep::title::Title;

/// Between two changes: a burst of logins must not be busy with this.
const INTERVAL: Duration = Duration::from_millis(250);

/// The supervisor's title.
pub struct ProcessTitle {
    title: Title,
    name: String,
    shown: Option<(usize, usize)>,
    last: Option<Instant>,
    /// When the next one is shown, if it is another one.
    due: Option<Instant>,
}

impl ProcessTitle {
    /// Around the title of this process; `name` comes first in it.
    pub fn new(title: Title, name: String) -> Self {
        ProcessTitle { title, name, shown: None, last: None, due: None }
    }

    /// Shows these numbers, now or when it is time.
    pub fn show(&mut self, now: Instant, running: usize, waiting: usize) {
        if self.shown == Some((running, waiting)) {
            self.due = None;
            return;
        }
        let due = self.last.map_or(now, |last| last + INTERVAL);
        if now < due {
            self.due = Some(due);
            return;
        }
        self.title.show(&[&self.name, &format!(": {running} running, {waiting} waiting")]);
        (self.shown, self.last, self.due) = (Some((running, waiting)), Some(now), None);
    }

    /// When [`ProcessTitle::show`] has something to do.
    pub fn next_event(&self) -> Option<Instant> {
        self.due
    }
}
