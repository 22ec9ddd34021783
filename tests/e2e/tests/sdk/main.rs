//! The example plugins under a real OpenVPN server, with real clients.

mod accounting;
mod addresses;
mod another_server;
mod authentication_plugins;
mod challenge;
mod client_connect;
mod deferred;
mod events_seen;
mod examples;
mod guide;
mod http_auth;
mod life;
mod policy;
mod pool;
mod probe;
mod reload;
mod statics;
mod symbols;
mod threads;
mod tutorial;
mod whole_configurations;
