//! See `privsep::fuzzing::acl`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| privsep::fuzzing::acl(input));
