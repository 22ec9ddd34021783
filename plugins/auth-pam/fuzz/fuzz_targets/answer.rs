//! What the front, OpenVPN itself, takes from the supervisor: decoding never panics, and whatever is taken can be written
//! again.
#![no_main]
#![allow(dead_code, unreachable_pub)]

#[path = "../../src/protocol.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;
use privsep::{Message, Reader, Writer};

use protocol::Answer;

fuzz_target!(|bytes: &[u8]| {
    let Ok(answer) = Answer::decode(Reader::new(bytes)) else { return };
    assert!(bytes.len() <= Answer::MAX_BYTES);
    let mut writer = Writer::default();
    answer.encode(&mut writer).expect("what was read can be written");
    // The time of a verdict that was not PAM's is no part of it, so the bytes may differ; what they say may not.
    assert_eq!(Answer::decode(Reader::new(writer.bytes())).ok(), Some(answer));
});
