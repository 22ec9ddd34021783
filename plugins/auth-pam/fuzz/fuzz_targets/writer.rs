//! See `openvpn_plugin_auth_pam::fuzzing::writer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| openvpn_plugin_auth_pam::fuzzing::writer(input));
