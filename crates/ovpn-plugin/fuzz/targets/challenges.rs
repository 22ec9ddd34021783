//! What clients send as a password or as an answer, and the forms in which questions go to them: nothing is cut, nothing is
//! taken for what it is not, and what was made is read again as it was.

use std::time::Duration;

use ovpn_plugin::testing::CallData;
use ovpn_plugin::{
    AuthUserPassVerify, Challenge, ChallengeResponse, ClientCrResponse, Pending, Rejection, Retry,
    StaticChallenge, base64,
};

/// The first byte chooses a form. For those that are made of several parts, NULs stand between these.
pub fn target(input: &[u8]) {
    let Some((form, rest)) = input.split_first() else { return };
    let mut parts = rest.split(|byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    match form % 6 {
        0 => sent(rest),
        1 => sent(&[b"CRV1::", rest].concat()),
        2 => both(part(), part()),
        3 => question(&String::from_utf8_lossy(part()), part(), &String::from_utf8_lossy(part())),
        4 => reason(&String::from_utf8_lossy(rest)),
        _ => pending(&String::from_utf8_lossy(rest)),
    }
}

/// A password as any client may send it.
fn sent(password: &[u8]) {
    if let Ok(Some(answer)) = ChallengeResponse::parse(password) {
        assert_eq!([b"CRV1::", answer.state_id.as_bytes(), b"::", answer.response].concat(), password);
        assert!(StaticChallenge::parse(password) == Ok(None));
    }
    if let Ok(Some(both)) = StaticChallenge::parse(password) {
        let again = format!("SCRV1:{}:{}", base64::encode(&both.password), base64::encode(&both.response));
        assert_eq!(again.as_bytes(), password);
        assert!(!both.password.contains(&0) && !both.response.contains(&0));
    }
    // In a C string.
    let until_nul = password.split(|byte| *byte == 0).next().unwrap_or_default();
    let call = CallData::new().env("username", "joe").env("password", until_nul).env("crresponse", until_nul);
    let event: AuthUserPassVerify<'_> = call.event();
    let _ = event.challenge_response();
    let malformed = StaticChallenge::parse(until_nul).is_err();
    match event.credentials() {
        Ok(login) => {
            assert!(!malformed && login.password() != Some(b""));
            let plain = !until_nul.starts_with(b"SCRV1:");
            assert!(!plain || login.response().is_none());
            assert!(!plain || login.password().is_none_or(|password| password == until_nul));
        }
        Err(_) => assert!(malformed),
    }
    let answer: ClientCrResponse<'_> = call.event();
    if let Some(decoded) = answer.decoded_response() {
        assert_eq!(base64::encode(&decoded).as_bytes(), until_nul);
    }
}

/// What a client with a static challenge makes of a password and a response.
fn both(password: &[u8], response: &[u8]) {
    let text = format!("SCRV1:{}:{}", base64::encode(password), base64::encode(response));
    let both = StaticChallenge::parse(text.as_bytes()).ok().flatten().expect("what a client sends is read");
    assert!(both.password == password && both.response == response);
    sent(text.as_bytes());
}

/// A dynamic challenge, and the answer to it.
fn question(id: &str, username: &[u8], text: &str) {
    for make in [Challenge::new, Challenge::hidden] {
        let Ok(challenge) = make(id, username, text) else { continue };
        let written = challenge.to_string();
        assert!(written.len() <= Rejection::MAX_BYTES && !written.chars().any(char::is_control));
        assert_eq!(Challenge::parse(&written), Ok(Some(challenge.clone())));
        let password = challenge.password(username);
        let answer =
            ChallengeResponse::parse(&password).ok().flatten().expect("the answer to a question is one");
        assert!(answer.state_id == id && answer.response == username);
    }
}

/// The reason of a rejection, made and read.
fn reason(text: &str) {
    if let Ok(Some(challenge)) = Challenge::parse(text) {
        assert_eq!(Challenge::parse(&challenge.to_string()), Ok(Some(challenge)));
    }
    for rejection in
        [Rejection::because(text), Rejection::temporary(text, Duration::from_secs(3), Retry::SameServer)]
    {
        let written = rejection.to_string();
        assert!(written.len() <= Rejection::MAX_BYTES && !written.chars().any(char::is_control));
        assert!(!written.starts_with("CRV1:") && !written.starts_with("TEMP"), "{written}");
    }
}

/// A question to a client whose login is pending.
fn pending(text: &str) {
    for make in [Pending::text, Pending::hidden, Pending::web, Pending::url] {
        let made = make(Duration::from_secs(60), text);
        assert!(made.is_err() || !(text.is_empty() || text.chars().any(char::is_control)));
    }
}
