//! Where the short forms of a deferral run their jobs.

use std::io;

use crate::{Pool, Stop, Tasks};

/// Threads of the plugin that a job can be given to: `&mut Tasks`, or `&Pool`.
///
/// [`AuthUserPassVerify::answer_in`](crate::AuthUserPassVerify::answer_in) and
/// [`ClientConnect::answer_in`](crate::ClientConnect::answer_in) take one.
pub trait JobRunner {
    /// Has one of them run the job. `name` is for the log.
    ///
    /// # Errors
    /// If there is no room for it. The job is dropped then.
    fn run(self, name: &str, job: impl FnOnce(&Stop) + Send + 'static) -> io::Result<()>;
}

impl JobRunner for &mut Tasks {
    fn run(self, name: &str, job: impl FnOnce(&Stop) + Send + 'static) -> io::Result<()> {
        self.spawn(name, job)
    }
}

impl JobRunner for &Pool {
    /// The lines of the log have the pool's own name.
    fn run(self, _: &str, job: impl FnOnce(&Stop) + Send + 'static) -> io::Result<()> {
        Pool::run(self, job)
    }
}
