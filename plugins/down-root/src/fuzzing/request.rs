//! What a hostile front may send the helper.

use privsep::{Message, Reader, Writer};

use crate::helper::environment::UpEnvironment;
use crate::protocol::{Reply, Request, allowed};

/// Decoding never panics, and whatever is taken gives a script nothing but words and variables that are allowed.
///
/// # Panics
/// If it is not so.
pub fn request(bytes: &[u8]) {
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
}
