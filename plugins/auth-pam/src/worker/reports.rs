//! The worker's end of its channel during one transaction: reports go up, and the answer to a question comes down.

use std::time::Duration;

use nix::unistd::Pid;
use privsep::{Channel, confine};
use secret::Secret;

use super::orders::receive;
use crate::protocol::{Credentials, MAX_TEXT, Order, Report, WorkerNews};

/// How long the supervisor may take to pick a report up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The worker's end of its channel, during one transaction.
pub struct Reports<'a> {
    /// The channel.
    pub channel: &'a mut Channel<Report, Order>,
    /// The number of the transaction.
    pub nonce: u64,
    /// The worker itself: a child that a module has forked must not speak for it.
    pub worker: Pid,
    /// If the transaction succeeds, it is kept for a session.
    pub session: bool,
}

impl Reports<'_> {
    /// Sends a report; whether that worked.
    pub fn send(&mut self, news: WorkerNews) -> bool {
        nix::unistd::getpid() == self.worker
            && self.channel.send(&Report { nonce: self.nonce, news }, &[], PATIENCE).is_ok()
    }

    /// Asks the person at the client, and waits for what is typed, however long; nothing if nobody will answer any more.
    pub fn ask(&mut self, question: WorkerNews) -> Option<Secret> {
        // What a module has printed belongs to the attempt that ends with the question.
        confine::flush_output();
        if !self.send(question) {
            return None;
        }
        match receive(self.channel) {
            Ok(Order::Answer { nonce, session, credentials }) if nonce == self.nonce => {
                self.session = session;
                Credentials::unseal(&credentials).ok().map(|answer| answer.password)
            }
            _ => None,
        }
    }
}

/// The text, as long as a report may be.
pub fn cut(text: &str) -> Vec<u8> {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.as_bytes()[..end].to_vec()
}
