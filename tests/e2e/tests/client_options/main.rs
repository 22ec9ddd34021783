//! What a client gets by its user and groups, and under which name it goes, at a real server.

mod as_openvpn;
mod given;
mod mistakes;
mod name_service;
mod names;
mod stage;
