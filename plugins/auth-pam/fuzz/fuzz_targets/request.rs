//! What a hostile front may send the supervisor: decoding never panics, and whatever is taken is within its bounds and
//! the only way to write it.
#![no_main]
#![allow(dead_code, unused_imports, unreachable_pub)]

#[path = "../../src/protocol/mod.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;
use privsep::{Message, Reader, Writer};

use protocol::credentials::{MAX_BLOCK, MAX_CLIENT};
use protocol::{MAX_ADDRESS, MAX_CREDENTIAL, MAX_TEXT, Request};

fuzz_target!(|bytes: &[u8]| {
    let Ok(request) = Request::decode(Reader::new(bytes)) else { return };
    let mut again = Writer::default();
    request.encode(&mut again).expect("what was read can be written");
    assert_eq!(again.bytes(), bytes);
    assert!(bytes.len() <= Request::MAX_BYTES);
    let fits = |field: &[u8], bound| field.len() <= bound && !field.contains(&0);
    match request {
        Request::Attempt(attempt) => {
            assert!(fits(&attempt.username, MAX_CREDENTIAL) && fits(&attempt.origin.address, MAX_ADDRESS));
            assert!(fits(&attempt.common_name, MAX_CREDENTIAL));
            assert!(attempt.credentials.len() <= MAX_BLOCK && attempt.client.len() <= MAX_CLIENT);
        }
        Request::Cancel { .. } | Request::Open { .. } | Request::Close { .. } => {}
        Request::Options { wanted, .. } => assert!(wanted.username.len() <= MAX_CREDENTIAL),
        Request::Refused { username, origin, reason, .. } => {
            assert!(fits(&username, MAX_TEXT) && fits(&origin.address, MAX_ADDRESS));
            assert!(fits(&reason, MAX_TEXT));
        }
    }
});
