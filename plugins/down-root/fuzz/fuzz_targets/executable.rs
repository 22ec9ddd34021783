//! See `openvpn_plugin_down_root::fuzzing::executable`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| openvpn_plugin_down_root::fuzzing::executable(input));
