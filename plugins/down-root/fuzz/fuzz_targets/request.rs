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

use environment::UpEnvironment;
use protocol::{Reply, Request, allowed};

fuzz_target!(|bytes: &[u8]| {
    let _ = Reply::decode(Reader::new(bytes));
    let Ok(request) = Request::decode(Reader::new(bytes)) else { return };
    let mut again = Writer::default();
    request.encode(&mut again).expect("what was read can be written");
    assert_eq!(again.bytes(), bytes);
    assert!(allowed::args(request.event, request.args.iter().map(Vec::as_slice)));
    let event = request.event;
    for (name, value) in UpEnvironment::default().for_script(event, request.variables, None) {
        let (name, value) = (name.as_encoded_bytes(), value.as_encoded_bytes());
        let own = name == b"script_type" || name == b"PATH";
        assert!(own || allowed::variable(event, name, value));
    }
});
