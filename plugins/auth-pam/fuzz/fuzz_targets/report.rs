//! What a PAM module that has taken over a worker may send the supervisor: decoding never panics, and whatever is taken
//! is within its bounds and the only way to write it.
#![no_main]
#![allow(dead_code, unused_imports, unreachable_pub)]

#[path = "../../src/protocol/mod.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;
use privsep::{Message, Reader, Writer};

use protocol::{Done, MAX_CHECKED, MAX_SAID, MAX_TEXT, News, Report};
use protocol::question::MAX_QUESTION;

fuzz_target!(|bytes: &[u8]| {
    let Ok(report) = Report::decode(Reader::new(bytes)) else { return };
    let mut again = Writer::default();
    report.encode(&mut again).expect("what was read can be written");
    assert_eq!(again.bytes(), bytes);
    assert!(bytes.len() <= Report::MAX_BYTES);
    match report.news {
        News::Ready => {}
        News::Opened(Done { text, .. }) | News::Closed(Done { text, .. }) | News::LookedUp(Done { text, .. }) => {
            assert!(text.len() <= MAX_TEXT);
        }
        News::Part(text) => assert!(text.len() <= MAX_TEXT),
        News::Note(text) | News::Changed(text) => assert!(text.len() <= MAX_TEXT),
        News::Question { text, .. } => assert!(text.len() <= MAX_QUESTION),
        News::End(end) | News::Checked(end) => {
            assert!(end.text.len() <= MAX_TEXT && end.checked.len() <= MAX_CHECKED && end.said.len() <= MAX_SAID);
        }
    }
});
