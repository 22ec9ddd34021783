//! See `targets/arrays.rs`.
#![no_main]

#[path = "../targets/arrays.rs"]
mod arrays;

libfuzzer_sys::fuzz_target!(|input: &[u8]| arrays::target(input));
