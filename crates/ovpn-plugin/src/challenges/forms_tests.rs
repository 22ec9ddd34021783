//! The forms: what is read, what is refused, and that everything made is read again.

use proptest::prelude::*;

use super::*;

type Read = Result<Option<(Vec<u8>, Vec<u8>)>, AnswerError>;

fn answer(password: &[u8]) -> Read {
    let parts = ChallengeResponse::parse(password)?;
    Ok(parts.map(|parts| (parts.state_id.as_bytes().to_vec(), parts.response.to_vec())))
}

fn both(password: &[u8]) -> Read {
    let parts = StaticChallenge::parse(password)?;
    Ok(parts.map(|parts| (parts.password.clone(), parts.response.clone())))
}

fn pair(one: &str, other: &str) -> Read {
    Ok(Some((one.as_bytes().to_vec(), other.as_bytes().to_vec())))
}

#[test]
fn answers_are_read() {
    assert_eq!(answer(b"CRV1::id-1::a::b"), pair("id-1", "a::b"));
    assert_eq!(answer(b"CRV1::id-1::"), pair("id-1", ""));
    assert_eq!(answer(b"CRV1::x:::"), pair("x", ":"));
    for other in ["", "secret", "CRV1", "CRV1:", "CRV1:R:x::y", "crv1::x::y", "SCRV1:YQ==:Yg=="] {
        assert_eq!(answer(other.as_bytes()), Ok(None), "{other}");
    }
    for bad in
        ["CRV1::", "CRV1::x", "CRV1::x:y", "CRV1::::y", "CRV1::../x::y", "CRV1::\u{e9}::y", "CRV1::a b::"]
    {
        assert_eq!(answer(bad.as_bytes()), Err(AnswerError::StateId), "{bad}");
    }
    assert_eq!(answer(b"CRV1::\xff::y"), Err(AnswerError::StateId));
}

#[test]
fn static_challenges_are_taken_apart() {
    assert_eq!(both(b"SCRV1:c2VjcmV0:MTIzNDU2"), pair("secret", "123456"));
    assert_eq!(both(b"SCRV1:c2VjcmV0:"), pair("secret", ""));
    assert_eq!(both(b"SCRV1::MTIz"), pair("", "123"));
    assert_eq!(both(b"SCRV1:8J+Ygg==:w6k="), pair("\u{1f602}", "\u{e9}"));
    for other in ["", "secret", "scrv1:YQ==:Yg==", "xSCRV1:YQ==:Yg==", "SCRV1", "CRV1::a:b"] {
        assert_eq!(both(other.as_bytes()), Ok(None), "{other}");
    }
    for (bad, why) in [
        ("SCRV1:", AnswerError::SecondColon),
        ("SCRV1:c2VjcmV0", AnswerError::SecondColon),
        ("SCRV1:c2VjcmV0:MTIz:NDU2", AnswerError::Base64),
        ("SCRV1:%%%%:MTIz", AnswerError::Base64),
        ("SCRV1:YQ==:MTIzN", AnswerError::Base64),
        ("SCRV1:YQ:Yg==", AnswerError::Base64),
        ("SCRV1:x:MTIz", AnswerError::Base64),
        ("SCRV1:YQBi:Yg==", AnswerError::Nul),
        ("SCRV1:YQ==:AA==", AnswerError::Nul),
    ] {
        assert_eq!(both(bad.as_bytes()), Err(why), "{bad}");
    }
}

#[test]
fn nothing_shows_a_secret() {
    let both = StaticChallenge::parse(b"SCRV1:aHVudGVyMg==:aHVudGVyMg==").unwrap().unwrap();
    let answer = ChallengeResponse::parse(b"CRV1::a::hunter2").unwrap().unwrap();
    let error = StaticChallenge::parse(b"SCRV1:hunter2").unwrap_err();
    let text = format!("{both:?} {answer:?} {error:?} {error}");
    assert!(!text.contains("hunter2") && !text.contains("104, 117"), "{text}");
}

#[test]
fn questions_in_rejections() {
    let challenge = Challenge::new("a-1", b"joe", "Code: now").unwrap();
    assert_eq!(challenge.to_string(), "CRV1:R,E:a-1:am9l:Code: now");
    assert_eq!(Challenge::hidden("a", b"", "x").unwrap().to_string(), "CRV1:R:a::x");
    assert_eq!(challenge.password(b"12:34"), b"CRV1::a-1::12:34");
    for other in ["", "no", " CRV1:R:a:am9l:x", "TEMP[x]: CRV1:R:a::x"] {
        assert_eq!(Challenge::parse(other), Ok(None), "{other}");
    }
    for bad in ["CRV1:", "CRV1:R:a:am9l", "CRV1:R:a:am9:x", "CRV1::a:am9l:x", "CRV1:E:a::x"] {
        assert_eq!(Challenge::parse(bad), Err(ChallengeError::Form), "{bad}");
    }
    assert_eq!(Challenge::parse("CRV1:R:a b::x"), Err(ChallengeError::StateId));
    assert_eq!(Challenge::parse("CRV1:R:a::x\n"), Err(ChallengeError::ControlCharacter));
}

#[test]
fn what_clients_would_misread_is_not_made() {
    for id in ["", "a:b", "a\n", "\u{fc}"] {
        assert_eq!(Challenge::new(id, b"joe", "x"), Err(ChallengeError::StateId), "{id:?}");
    }
    assert_eq!(Challenge::new("a", b"joe", "x\ny"), Err(ChallengeError::ControlCharacter));
    let long = Challenge::new("a", &[b'x'; 800], "y");
    assert!(matches!(long, Err(ChallengeError::TooLong { .. })), "{long:?}");
}

#[test]
fn questions_in_pending_files() {
    assert_eq!(parse_pending_question("CR_TEXT:R:PIN: "), Some(("PIN: ", false)));
    assert_eq!(parse_pending_question("CR_TEXT:E,R:"), Some(("", true)));
    for other in ["", "CR_TEXT:", "CR_TEXT:R", "CR_TEXT::x", "CR_TEXT:E:x", "WEB_AUTH::https://x"] {
        assert_eq!(parse_pending_question(other), None, "{other}");
    }
}

/// Bytes that look like one of the forms, more often than chance would have it.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(b"CRV1".to_vec()),
        Just(b"SCRV1".to_vec()),
        Just(b"CR_TEXT".to_vec()),
        Just(b"R,E".to_vec()),
        Just(b":".to_vec()),
        Just(b"::".to_vec()),
        Just(b"YQ==".to_vec()),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    /// Whatever a client sends: no panic, and what is read is a part of it.
    #[test]
    fn anything_can_be_read(bytes in prop_oneof![nearly(), any::<Vec<u8>>()]) {
        if let Ok(Some(answer)) = ChallengeResponse::parse(&bytes) {
            let again = [ANSWER, answer.state_id.as_bytes(), b"::", answer.response].concat();
            prop_assert_eq!(&again, &bytes);
        }
        if let Ok(Some(both)) = StaticChallenge::parse(&bytes) {
            prop_assert!(both.password.len() + both.response.len() <= bytes.len());
            prop_assert!(!both.password.contains(&0) && !both.response.contains(&0));
            let again = format!("SCRV1:{}:{}", base64::encode(&both.password), base64::encode(&both.response));
            prop_assert_eq!(again.as_bytes(), &bytes[..]);
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(Some(challenge)) = Challenge::parse(&text) {
            prop_assert!(challenge.to_string().len() <= Rejection::MAX_BYTES);
            prop_assert_eq!(Challenge::parse(&challenge.to_string()), Ok(Some(challenge)));
        }
        if let Some((question, _)) = parse_pending_question(&text) {
            prop_assert!(text.ends_with(question));
        }
    }

    #[test]
    fn everything_made_is_read(
        id in "[A-Za-z0-9_-]{1,40}",
        username in prop::collection::vec(any::<u8>(), 0..300),
        question in "\\PC{0,100}",
        response in prop::collection::vec(1u8.., 0..80),
        shown: bool,
    ) {
        let make = if shown { Challenge::new } else { Challenge::hidden };
        let challenge = make(&id, &username, &question).unwrap();
        prop_assert_eq!((challenge.state_id(), challenge.username()), (&id[..], &username[..]));
        prop_assert_eq!((challenge.question(), challenge.is_shown()), (&question[..], shown));
        prop_assert_eq!(Challenge::parse(&challenge.to_string()), Ok(Some(challenge.clone())));
        let password = challenge.password(&response);
        let found = ChallengeResponse::parse(&password).unwrap().unwrap();
        prop_assert_eq!((found.state_id, found.response), (&id[..], &response[..]));
        let pending = pending_question(&question, shown);
        prop_assert_eq!(parse_pending_question(&pending), Some((&question[..], shown)));
        let text = format!("SCRV1:{}:{}", base64::encode(&response), base64::encode(b"1"));
        prop_assert_eq!(both(text.as_bytes()), Ok(Some((response, b"1".to_vec()))));
    }

    /// The length that is reckoned is the length that is sent.
    #[test]
    fn no_question_is_longer_than_openvpn_passes_on(length in 0usize..1100, username in 0usize..20) {
        let (username, question) = (vec![b'u'; username], "q".repeat(length));
        match Challenge::new("id", &username, &question) {
            Ok(challenge) => prop_assert!(challenge.to_string().len() <= Rejection::MAX_BYTES),
            Err(ChallengeError::TooLong { bytes }) => {
                let text = format!("CRV1:R,E:id:{}:{question}", base64::encode(&username));
                prop_assert_eq!(bytes, text.len());
                prop_assert!(bytes > Rejection::MAX_BYTES);
            }
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }
}
