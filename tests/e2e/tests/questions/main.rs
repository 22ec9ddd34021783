//! What PAM asks reaches the person at a real client, and the answer reaches PAM.

mod answers;
mod common_modules;
mod expired;
mod fixtures;
mod hostile_ids;
mod life;
mod pending;
mod rounds;
mod secrets;
mod stage;
mod web_pages;
