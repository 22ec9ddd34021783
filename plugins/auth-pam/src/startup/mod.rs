//! What can be known before the first login: it is said while somebody is looking, not when nobody can log in.

mod openvpn_config;
mod time_limit;

pub use time_limit::TimeLimits;
