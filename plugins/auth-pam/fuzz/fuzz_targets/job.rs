//! What a worker takes from the supervisor: decoding never panics, and whatever is taken has no NUL and is the only way
//! to write it.
#![no_main]
#![allow(dead_code, unreachable_pub)]

#[path = "../../src/protocol.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;
use privsep::{Message, Reader, Writer};

use protocol::Job;

fuzz_target!(|bytes: &[u8]| {
    let Ok(job) = Job::decode(Reader::new(bytes)) else { return };
    let mut again = Writer::default();
    job.encode(&mut again).expect("what was read can be written");
    assert_eq!(again.bytes(), bytes);
    assert!(bytes.len() <= Job::MAX_BYTES);
    // What becomes a C string for PAM.
    assert!(!job.login.username.contains(&0) && !job.login.password.expose().contains(&0));
    assert!(!job.login.response.expose().contains(&0) && !job.login.address.contains(&0));
});
