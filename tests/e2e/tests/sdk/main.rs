//! The example plugins under a real OpenVPN server, with real clients.

mod another_server;
mod authentication_plugins;
mod challenge;
mod client_connect;
mod deferred;
mod events_seen;
mod examples;
mod policy;
mod symbols;
mod tutorial;
mod user;
