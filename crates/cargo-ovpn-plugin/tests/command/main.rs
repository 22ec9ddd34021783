//! The command as an author uses it, with real servers and clients.

mod new;
mod run;
mod started;
