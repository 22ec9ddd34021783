//! See `privsep::fuzzing::keeper`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| privsep::fuzzing::keeper(input));
