//! Bytes that are wiped on drop and print as [redacted].
