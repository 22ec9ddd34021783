//! What an author has to know beside the types: a page for each subject, without code of its own.
//!
//! | page | read it when |
//! |---|---|
//! | [`threads`] | the plugin asks something that takes time |
//! | [`futures`] | hundreds of logins wait at the same time (feature `tokio`) |
//! | [`two_factors`] | a code or a web page comes after the password |
//! | [`accounting`] | you count traffic, or want to know who was there |
//! | [`restarts`] | OpenVPN gets SIGHUP, or drops to another user |
//! | [`logs`] | a line does not show, or you used `println!` |
//! | [`panics`] | you want to know what can still end OpenVPN |
//! | [`packaging`] | others are to install the plugin |
//!
//! `TUTORIAL.md` beside the sources goes from nothing to a plugin on a server.
//! [`event_table`](crate::event_table) says which event comes when.

pub mod accounting;
pub mod futures;
pub mod logs;
pub mod packaging;
pub mod panics;
pub mod restarts;
pub mod threads;
pub mod two_factors;
