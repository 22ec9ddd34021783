//! A case.

use std::time::Duration;

/// How long a case may take unless it says otherwise.
const LIMIT: Duration = Duration::from_secs(60);

/// A name and what is played; it fails by a panic.
pub struct Case {
    pub(crate) name: String,
    pub(crate) play: Box<dyn Fn() + Send>,
    pub(crate) limit: Duration,
    pub(crate) through: Vec<String>,
    pub(crate) ignored: bool,
}

impl Case {
    /// A case; its name is unique in its suite.
    pub fn new(name: impl Into<String>, play: impl Fn() + Send + 'static) -> Self {
        Case { name: name.into(), play: Box::new(play), limit: LIMIT, through: Vec::new(), ignored: false }
    }

    /// Another time limit.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts the process through a program that ends by running its last arguments (unshare, sh ...).
    pub fn through(mut self, words: &[&str]) -> Self {
        self.through = words.iter().map(ToString::to_string).collect();
        self
    }

    /// Runs it only when asked to, by `--ignored` or `--include-ignored`.
    pub fn ignored(mut self) -> Self {
        self.ignored = true;
        self
    }
}
