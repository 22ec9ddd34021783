//! What a worker takes from the supervisor: decoding never panics, and whatever is taken has no NUL and is the only way
//! to write it. The block of credentials is opened too.
#![no_main]
#![allow(dead_code, unused_imports, unreachable_pub)]

#[path = "../../src/protocol/mod.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;
use privsep::{Message, Reader, Writer};

use protocol::{Client, Credentials, Order};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(credentials) = Credentials::decode(Reader::new(bytes)) {
        assert_eq!(credentials.seal().expect("what was read can be written").expose(), bytes);
        // What becomes a C string for PAM.
        let secrets = [Some(&credentials.password), credentials.response.as_ref()];
        assert!(secrets.iter().flatten().all(|secret| !secret.expose().contains(&0)));
    }
    if let Ok(client) = Client::decode(Reader::new(bytes)) {
        let mut again = Writer::default();
        client.encode(&mut again).expect("what was read can be written");
        assert_eq!(again.bytes(), bytes);
        let values = [&client.address, &client.port, &client.session_id, &client.version];
        assert!(values.iter().all(|value| !value.contains(&0)));
    }
    let Ok(order) = Order::decode(Reader::new(bytes)) else { return };
    let mut again = Writer::default();
    order.encode(&mut again).expect("what was read can be written");
    assert_eq!(again.bytes(), bytes);
    assert!(bytes.len() <= Order::MAX_BYTES);
    if let Order::Begin(begin) = order {
        assert!([&begin.username, &begin.common_name, &begin.address].iter().all(|text| !text.contains(&0)));
    }
});
