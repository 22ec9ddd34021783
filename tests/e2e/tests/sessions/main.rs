//! Sessions of PAM at a real server: opened when a client connects, closed when it is gone, however it goes.

mod ends;
mod life;
mod modules;
mod questions;
mod stage;
mod two_logins;
