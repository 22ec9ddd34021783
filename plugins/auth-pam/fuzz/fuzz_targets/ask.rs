//! What a hostile front may send the supervisor: decoding never panics, and whatever is taken is within its bounds and
//! the only way to write it.
#![no_main]
#![allow(dead_code, unreachable_pub)]

#[path = "../../src/protocol.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;
use privsep::{Message, Reader, Writer};

use protocol::{Ask, MAX_ADDRESS, MAX_CREDENTIAL, MAX_TEXT};

fuzz_target!(|bytes: &[u8]| {
    let Ok(ask) = Ask::decode(Reader::new(bytes)) else { return };
    let mut again = Writer::default();
    ask.encode(&mut again).expect("what was read can be written");
    assert_eq!(again.bytes(), bytes);
    assert!(bytes.len() <= Ask::MAX_BYTES);
    let fits = |field: &[u8], bound| field.len() <= bound && !field.contains(&0);
    match ask {
        Ask::Check(check) => {
            let login = &check.login;
            assert!(fits(&login.username, MAX_CREDENTIAL) && fits(login.password.expose(), MAX_CREDENTIAL));
            assert!(fits(login.response.expose(), MAX_CREDENTIAL) && fits(&login.common_name, MAX_CREDENTIAL));
            assert!(fits(&login.address, MAX_ADDRESS));
        }
        Ask::Refused { username, address, words } => {
            assert!(fits(&username, MAX_TEXT) && fits(&address, MAX_ADDRESS) && fits(&words, MAX_TEXT));
        }
    }
});
