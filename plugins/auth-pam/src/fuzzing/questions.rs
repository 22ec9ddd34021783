//! What PAM modules ask and say, on its way to a client, and what a client sends for it.

use ovpn_plugin::AuthUserPassVerify;
use ovpn_plugin::testing::CallData;
use privsep::{Message, Reader};

use super::{Input, settings};
use crate::config::Config;
use crate::front::from_event;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::question::{self, MAX_QUESTION, QuestionId};
use crate::protocol::reference::Reference;
use crate::protocol::{Client, Credentials, CredentialsKind, MAX_CREDENTIAL};

/// The first byte chooses a direction; NULs stand between texts.
///
/// # Panics
/// If a question is not one line that fits, or an answer is taken for what it is not.
pub fn questions(input: &[u8]) {
    let mut input = Input(input);
    match input.byte() % 2 {
        0 => asked(&mut input),
        _ => answered(&mut input),
    }
}

fn asked(input: &mut Input<'_>) {
    let (username, prompt) = (input.text(), input.text());
    let mut messages = Vec::new();
    while !input.0.is_empty() && messages.len() < 8 {
        messages.push(input.text().to_vec());
    }
    let room = question::room(username).unwrap_or(MAX_QUESTION);
    assert!(room <= MAX_QUESTION);
    let text = question::text(&messages, prompt, room);
    assert!(text.len() <= room && !text.chars().any(char::is_control));
    assert!(!text.starts_with(' ') && !text.ends_with(' '));
    for text in [text.as_bytes(), prompt] {
        if let Some(address) = question::address(text) {
            assert!(text.windows(address.len()).any(|window| window == address.as_bytes()));
            assert!(
                address.is_ascii() && address.get(..8).is_some_and(|it| it.eq_ignore_ascii_case("https://"))
            );
            assert!(!address.chars().any(|c| c.is_whitespace() || c.is_control() || "\"'<>\\".contains(c)));
        }
    }
    let _ = question::wants_enter(prompt);
    if let Some(id) = QuestionId::parse(prompt) {
        assert_eq!(id.to_string().as_bytes(), prompt);
    }
}

fn answered(input: &mut Input<'_>) {
    let asks = input.byte() & 1 == 1;
    let (username, common_name, password) = (input.text(), input.text(), input.text());
    let call = CallData::new()
        .env("username", username)
        .env("common_name", common_name)
        .env("password", password)
        .env("session_id", input.text())
        .env("IV_VER", input.text());
    let event: AuthUserPassVerify<'_> = call.event();
    let words: [&[u8]; 2] = [if asks { b"challenge=yes" } else { b"challenge=no" }, b"login"];
    let Ok(config) = Config::parse(words) else { panic!("the line is right") };
    let Some(reference) = Reference::from_number(7) else { panic!("the number is right") };
    let origin = AttemptOrigin { address: b"192.0.2.1".to_vec(), port: 1, reference };
    let Ok(check) = from_event(&settings(config), &event, &origin, None) else { return };
    assert!(!username.is_empty() && check.username == username && check.common_name == common_name);
    assert!([username, common_name, password].iter().all(|text| text.len() <= MAX_CREDENTIAL));
    let sealed = Credentials::unseal(&check.credentials).expect("what was sealed can be opened");
    assert!(Client::decode(Reader::new(&check.client)).is_ok());
    match check.credentials_kind {
        CredentialsKind::Answer(id) => {
            assert!(asks && password.starts_with(b"CRV1::") && sealed.response.is_none());
            if let Some(id) = id {
                let whole = [format!("CRV1::{id}::").as_bytes(), sealed.password.expose()].concat();
                assert_eq!(whole, password);
            }
        }
        CredentialsKind::Password if password.starts_with(b"SCRV1:") => assert!(sealed.response.is_some()),
        CredentialsKind::Password => {
            assert!(
                sealed.password.expose() == password && sealed.response.is_none() && !password.is_empty()
            );
            assert!(!(asks && password.starts_with(b"CRV1::")));
        }
        CredentialsKind::Passwordless { .. } => panic!("nobody has shown anything else"),
    }
}
