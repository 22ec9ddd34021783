//! The command as an author uses it, with real servers and clients.

mod new;
mod run;
mod run_ends;
mod started;
