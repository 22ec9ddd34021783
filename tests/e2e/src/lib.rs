//! Tests against a real OpenVPN server and clients.

pub mod secrets;
