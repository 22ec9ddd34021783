//! What a hostile front may send: decoding never panics, and whatever is taken gives a script nothing but words and
//! variables that are allowed.
#![no_main]
#![allow(dead_code, unused_imports, unreachable_pub)]

#[path = "../../src/helper/environment.rs"]
mod environment;
#[path = "../../src/event.rs"]
mod event;
#[path = "../../src/protocol/mod.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;
use privsep::{Message, Reader, Writer};

use environment::AtUp;
use protocol::{Answer, Ask, allowed};

fuzz_target!(|bytes: &[u8]| {
    let _ = Answer::decode(Reader::new(bytes));
    let Ok(ask) = Ask::decode(Reader::new(bytes)) else { return };
    let mut again = Writer::default();
    ask.encode(&mut again).expect("what was read can be written");
    assert_eq!(again.bytes(), bytes);
    assert!(allowed::args(ask.event, ask.args.iter().map(Vec::as_slice)));
    let event = ask.event;
    for (name, value) in AtUp::default().for_script(event, ask.variables, None) {
        let (name, value) = (name.as_encoded_bytes(), value.as_encoded_bytes());
        let own = name == b"script_type" || name == b"PATH";
        assert!(own || allowed::variable(event, name, value));
    }
});
