//! The documents: links lead somewhere, pages stay readable in a terminal, each is in the book, and the picture of the
//! sources is that of the sources.

mod architecture;
mod book;
mod links;
mod log_lines;
mod markdown;
mod named_tests;
mod pages;
mod versions;
mod width;
