//! What the front, OpenVPN itself, takes from the supervisor: decoding never panics, and whatever is taken can be written
//! again.
#![no_main]
#![allow(dead_code, unreachable_pub)]

#[path = "../../src/lookup.rs"]
mod lookup;
#[path = "../../src/origin.rs"]
mod origin;
#[path = "../../src/proof.rs"]
mod proof;
#[path = "../../src/protocol/mod.rs"]
mod protocol;
#[path = "../../src/question.rs"]
mod question;
#[path = "../../src/reference.rs"]
mod reference;
#[path = "../../src/session.rs"]
mod session;
#[path = "../../src/verdict.rs"]
mod verdict;

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
