//! What a client gets by its user and groups, and under which name it goes, at a real server.

mod given;
mod mistakes;
mod names;
mod stage;
