//! The SDK for OpenVPN 2.x plugins: a trait, typed events, the environment, replies and the log.
