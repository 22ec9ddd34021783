//! What PAM asks reaches the person at a real client, and the answer reaches PAM.

mod fixtures;
mod stage;
