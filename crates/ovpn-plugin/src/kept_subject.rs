//! Whom a call was about, kept for the job or the future that goes on with it in other threads.

#[cfg(feature = "tokio")]
use std::fmt;

use crate::boundary::{during, with_subject};
use crate::subject::{Subject, Who};

/// A subject in words. The default is nobody.
#[derive(Default)]
pub(crate) struct KeptSubject {
    /// Empty, or a word and a blank.
    name: String,
    in_plugins_lines: bool,
}

impl KeptSubject {
    /// Whom this thread is about now.
    pub(crate) fn of_this_thread() -> Self {
        with_subject(|subject| {
            subject.map_or_else(Self::default, |subject| Self {
                name: subject.to_string(),
                in_plugins_lines: subject.in_plugins_lines,
            })
        })
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn is_nobody(&self) -> bool {
        self.name.is_empty()
    }

    /// Runs `body`, whose lines in the log name the same client, in any thread.
    pub(crate) fn during<R>(&self, body: impl FnOnce() -> R) -> R {
        during(&Subject { who: Who::Named(&self.name), in_plugins_lines: self.in_plugins_lines }, body)
    }
}

#[cfg(feature = "tokio")]
impl fmt::Display for KeptSubject {
    /// Nothing, or the client's name.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name.trim_end())
    }
}
