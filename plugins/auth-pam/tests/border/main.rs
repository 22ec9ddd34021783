//! Attacks on the plugin's privilege border, from a hostile OpenVPN on one side and from PAM modules on the other: each
//! must cost the attacker its own login or its own process, and nobody else anything.
//!
//! The plugin forks, so each case is a process of its own with a single thread, as OpenVPN is. This program starts the
//! cases, waits for them a bounded time, and sees to it that nothing of them is left running. Words on the command line
//! choose the cases whose names contain one of them.

mod cases;
mod dev_log;
mod raw;
mod runner;
mod stage;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    match std::env::var(runner::CASE) {
        Ok(name) => runner::play(&name),
        Err(_) => runner::play_all(&words),
    }
}
