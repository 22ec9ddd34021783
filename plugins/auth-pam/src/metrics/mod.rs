//! Metrics for Prometheus, in a file that node_exporter's textfile collector reads (`metrics=FILE`).
//!
//! The supervisor may open no file and must not wait for a disk. So a process of its own writes the file, with no right
//! but that of making files in one directory. It gets the text from the supervisor, one at a time, and a disk that hangs
//! stops nobody else.

pub mod file;
pub mod messages;
pub mod writer;
