//! Every message that crosses a process border: decoding never panics, and whatever is taken is within its bounds and the only
//! way to write it.

use privsep::{Message, Reader, Writer};

use crate::metrics::messages::{self, WriterOrder, WriterReport};
use crate::protocol::credentials::{MAX_BLOCK, MAX_CLIENT};
use crate::protocol::question::MAX_QUESTION;
use crate::protocol::{
    Client, Credentials, MAX_ADDRESS, MAX_CHECKED, MAX_CREDENTIAL, MAX_SAID, MAX_TEXT, Order, Reply, Report,
    Request, StepResult, WorkerNews,
};

/// What was read, if it is a message.
fn read<M: Message>(bytes: &[u8]) -> Option<M> {
    let message = M::decode(Reader::new(bytes)).ok()?;
    let mut again = Writer::default();
    message.encode(&mut again).expect("what was read can be written");
    assert_eq!(again.bytes(), bytes);
    assert!(bytes.len() <= M::MAX_BYTES);
    Some(message)
}

fn fits(field: &[u8], bound: usize) -> bool {
    field.len() <= bound && !field.contains(&0)
}

/// What a hostile front may send the supervisor.
///
/// # Panics
/// If it is taken for what it is not.
pub fn request(bytes: &[u8]) {
    let Some(request) = read::<Request>(bytes) else { return };
    match request {
        Request::Attempt(attempt) => {
            assert!(fits(&attempt.username, MAX_CREDENTIAL) && fits(&attempt.origin.address, MAX_ADDRESS));
            assert!(fits(&attempt.common_name, MAX_CREDENTIAL) && fits(&attempt.sent_as, MAX_CHECKED));
            assert!(attempt.credentials.len() <= MAX_BLOCK && attempt.client.len() <= MAX_CLIENT);
        }
        Request::Cancel { .. } | Request::Open { .. } | Request::Close { .. } => {}
        Request::Options { wanted, .. } => assert!(fits(&wanted.username, MAX_CREDENTIAL)),
        Request::Refused { username, origin, reason, .. } => {
            assert!(fits(&username, MAX_TEXT) && fits(&origin.address, MAX_ADDRESS));
            assert!(fits(&reason, MAX_TEXT));
        }
    }
}

/// What a PAM module that has taken over a worker may send the supervisor.
///
/// # Panics
/// As [`request`].
pub fn report(bytes: &[u8]) {
    let Some(report) = read::<Report>(bytes) else { return };
    match report.news {
        WorkerNews::Ready => {}
        WorkerNews::Opened(StepResult { text, .. })
        | WorkerNews::Closed(StepResult { text, .. })
        | WorkerNews::OptionsDone(StepResult { text, .. })
        | WorkerNews::OptionsPart(text)
        | WorkerNews::Note(text)
        | WorkerNews::Changed(text) => assert!(text.len() <= MAX_TEXT),
        WorkerNews::Question { text, .. } => assert!(text.len() <= MAX_QUESTION),
        WorkerNews::End(end) | WorkerNews::Checked(end) => {
            assert!(end.text.len() <= MAX_TEXT && end.checked.len() <= MAX_CHECKED);
            assert!(end.said.len() <= MAX_SAID);
        }
    }
}

/// What a worker takes from the supervisor, and the blocks in it.
///
/// # Panics
/// As [`request`].
pub fn order(bytes: &[u8]) {
    if let Some(credentials) = read::<Credentials>(bytes) {
        // What becomes a C string for PAM.
        let secrets = [Some(&credentials.password), credentials.response.as_ref()];
        assert!(secrets.iter().flatten().all(|secret| fits(secret.expose(), MAX_CREDENTIAL)));
    }
    if let Some(client) = read::<Client>(bytes) {
        let values = [&client.address, &client.port, &client.session_id, &client.version];
        assert!(values.iter().all(|value| !value.contains(&0)));
    }
    if let Some(Order::Begin(begin)) = read::<Order>(bytes) {
        assert!([&begin.username, &begin.common_name, &begin.address].iter().all(|text| !text.contains(&0)));
    }
}

/// What the front, OpenVPN itself, takes from the supervisor.
///
/// # Panics
/// As [`request`].
pub fn reply(bytes: &[u8]) {
    let _ = read::<Reply>(bytes);
}

/// What the writer of metrics takes from the supervisor, and what it sends back.
///
/// # Panics
/// As [`request`].
pub fn writer(bytes: &[u8]) {
    if let Some(WriterOrder::Write(text)) = read::<WriterOrder>(bytes) {
        assert!(text.len() <= messages::MAX_TEXT);
    }
    let _ = read::<WriterReport>(bytes);
}
