//! What the front, OpenVPN itself, takes from the supervisor: decoding never panics, and whatever is taken can be written
//! again.
#![no_main]
#![allow(dead_code, unused_imports, unreachable_pub)]

#[path = "../../src/protocol/mod.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;
use privsep::{Message, Reader, Writer};

use protocol::Reply;

fuzz_target!(|bytes: &[u8]| {
    let Ok(reply) = Reply::decode(Reader::new(bytes)) else { return };
    assert!(bytes.len() <= Reply::MAX_BYTES);
    let mut writer = Writer::default();
    reply.encode(&mut writer).expect("what was read can be written");
    assert_eq!(writer.bytes(), bytes);
});
