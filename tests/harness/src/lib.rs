//! A real OpenVPN server and clients, PAM services and accounts for tests, all removed again on drop.
