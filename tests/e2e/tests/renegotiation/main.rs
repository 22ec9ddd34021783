//! Logins without a password at a real server: keys that are renegotiated with an auth-token, and clients that show only
//! their certificate.

mod certificates;
mod stage;
mod start;
mod tokens;
