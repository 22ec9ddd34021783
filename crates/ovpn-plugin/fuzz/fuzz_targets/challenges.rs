//! See `targets/challenges.rs`.
#![no_main]

#[path = "../targets/challenges.rs"]
mod challenges;

libfuzzer_sys::fuzz_target!(|input: &[u8]| challenges::target(input));
