//! The same cases against the C plugin and ours.
