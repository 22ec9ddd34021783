//! What a PAM module that has taken over a worker may send the supervisor: decoding never panics, and whatever is taken
//! is within its bounds and the only way to write it.
#![no_main]
#![allow(dead_code, unused_imports, unreachable_pub)]

#[path = "../../src/protocol/mod.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;
use privsep::{Message, Reader, Writer};

use protocol::{StepResult, MAX_CHECKED, MAX_SAID, MAX_TEXT, WorkerNews, Report};
use protocol::question::MAX_QUESTION;

fuzz_target!(|bytes: &[u8]| {
    let Ok(report) = Report::decode(Reader::new(bytes)) else { return };
    let mut again = Writer::default();
    report.encode(&mut again).expect("what was read can be written");
    assert_eq!(again.bytes(), bytes);
    assert!(bytes.len() <= Report::MAX_BYTES);
    match report.news {
        WorkerNews::Ready => {}
        WorkerNews::Opened(StepResult { text, .. }) | WorkerNews::Closed(StepResult { text, .. }) | WorkerNews::OptionsDone(StepResult { text, .. }) => {
            assert!(text.len() <= MAX_TEXT);
        }
        WorkerNews::OptionsPart(text) => assert!(text.len() <= MAX_TEXT),
        WorkerNews::Note(text) | WorkerNews::Changed(text) => assert!(text.len() <= MAX_TEXT),
        WorkerNews::Question { text, .. } => assert!(text.len() <= MAX_QUESTION),
        WorkerNews::End(end) | WorkerNews::Checked(end) => {
            assert!(end.text.len() <= MAX_TEXT && end.checked.len() <= MAX_CHECKED && end.said.len() <= MAX_SAID);
        }
    }
});
