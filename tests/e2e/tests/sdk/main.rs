//! The example plugins under a real OpenVPN server, with real clients.

mod addresses;
mod another_server;
mod authentication_plugins;
mod challenge;
mod client_connect;
mod deferred;
mod events_seen;
mod examples;
mod life;
mod policy;
mod probe;
mod symbols;
mod threads;
mod tutorial;
