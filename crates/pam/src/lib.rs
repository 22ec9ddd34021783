//! A small safe PAM client over libpam.
