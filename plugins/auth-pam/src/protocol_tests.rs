//! Properties of the wire format: what is written is read, and no bytes from outside cause a panic or an allocation
//! beyond the frame.

use super::*;
use crate::lookup::tests::lookup;
use crate::session::tests as session;
use proptest::prelude::*;

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(1u8..=255, 0..max)
}

prop_compose! {
    fn credentials()(password in bytes(300), response in proptest::option::of(bytes(50))) -> Credentials {
        Credentials { password: Secret::new(password), response: response.map(Secret::new) }
    }
}

prop_compose! {
    fn sent()(id: Option<[u8; 16]>, kind in 0..4, session: Option<u64>) -> Sent {
        match kind {
            0 => Sent::Password,
            1 => Sent::Answer(id.map(QuestionId::from_bytes)),
            2 => Sent::Proof { proof: Proof::Token, session },
            _ => Sent::Proof { proof: Proof::Certificate, session },
        }
    }
}

prop_compose! {
    fn origin()(address in bytes(MAX_ADDRESS), port: u16, number in 0u32..1 << 25) -> Origin {
        Origin { address, port, reference: Reference::from_number(number).unwrap() }
    }
}

prop_compose! {
    fn check()(id: u64, deferred: bool, session: bool, sent in sent(), username in bytes(300), sent_as in bytes(MAX_CHECKED), common_name in bytes(80), origin in origin(), block in bytes(500), client in bytes(MAX_CLIENT)) -> Check {
        Check { id, deferred, session, sent, username, sent_as, common_name, origin, credentials: Secret::new(block), client }
    }
}

fn order(username: &[u8]) -> Order {
    Order::Begin(Begin {
        nonce: 1,
        session: false,
        proof: None,
        username: username.to_vec(),
        common_name: vec![],
        address: vec![],
        credentials: Secret::copy_of(b"block"),
        client: vec![],
    })
}

fn encoded(message: &impl Message) -> Vec<u8> {
    let mut writer = Writer::default();
    message.encode(&mut writer).unwrap();
    writer.bytes().to_vec()
}

proptest! {
    #[test]
    fn a_check_survives_the_wire(check in check()) {
        let frame = encoded(&Request::Check(check));
        prop_assert!(frame.len() <= Request::MAX_BYTES);
        prop_assert_eq!(encoded(&Request::decode(Reader::new(&frame)).unwrap()), frame);
    }

    #[test]
    fn credentials_survive_being_sealed(credentials in credentials()) {
        let read = Credentials::unseal(&credentials.seal().unwrap()).unwrap();
        prop_assert_eq!(read.password.expose(), credentials.password.expose());
        let response = |of: &Credentials| of.response.as_ref().map(|response| response.expose().to_vec());
        prop_assert_eq!(response(&read), response(&credentials));
    }

    #[test]
    fn an_order_survives_the_wire(nonce: u64, check in check()) {
        let Check { session, sent, username, common_name, origin, credentials, client, .. } = check;
        let answer = Order::Answer { nonce, session, credentials: Secret::copy_of(credentials.expose()) };
        let proof = if let Sent::Proof { proof, .. } = sent { Some(proof) } else { None };
        let again = proof.map(|proof| encoded(&Order::Check { nonce, proof }));
        let begin = Begin { nonce, session, proof, username, common_name, address: origin.address, credentials, client };
        for frame in [encoded(&Order::Begin(begin)), encoded(&answer)].into_iter().chain(again) {
            prop_assert!(frame.len() <= Order::MAX_BYTES);
            prop_assert_eq!(encoded(&Order::decode(Reader::new(&frame)).unwrap()), frame);
        }
    }

    #[test]
    fn the_small_messages_survive_the_wire(id: u64, micros: u32, code: u32, flag: bool, origin in origin(), text in bytes(MAX_TEXT)) {
        let time = Duration::from_micros(micros.into());
        let question = text[..text.len().min(MAX_QUESTION)].to_vec();
        let number = QuestionId::from_bytes([code.to_le_bytes(); 4].concat().try_into().unwrap());
        let asked = Question { id: number, echo: flag, page: !flag, private: flag, text: question.clone() };
        let verdicts = [
            Verdict::Asked(Box::new(asked)),
            Verdict::Accepted { took: time },
            Verdict::Rejected,
            Verdict::Temporary { cause: Cause::Busy, backoff: time },
            Verdict::Temporary { cause: Cause::Failures, backoff: time },
        ];
        let told = text[..text.len().min(MAX_TOLD)].to_vec();
        for reply in verdicts.map(|verdict| Reply::Verdict { id, verdict, told: told.clone() }) {
            let frame = encoded(&reply);
            prop_assert!(frame.len() <= Reply::MAX_BYTES);
            prop_assert_eq!(Reply::decode(Reader::new(&frame)).unwrap(), reply);
        }
        let checked = text[..text.len().min(MAX_CHECKED)].to_vec();
        let said = text[..text.len().min(MAX_SAID)].to_vec();
        let blame = [Blame::Client, Blame::Configuration, Blame::Unclear][code as usize % 3];
        let end =
            End { code, authenticating: flag, text: text.clone(), delay: time, checked, chosen: !flag, said, blame, kept: flag };
        let question = News::Question { echo: flag, page: !flag, private: flag, text: question };
        let [opened, closed] = [News::Opened, News::Closed].map(|news| news(Done { code, text: text.clone() }));
        let small = [question, News::Ready, News::Changed(text.clone()), News::Note(text.clone())];
        for news in small.into_iter().chain([opened, closed, News::End(end)]) {
            let report = Report { nonce: id, news };
            let frame = encoded(&report);
            prop_assert!(frame.len() <= Report::MAX_BYTES);
            prop_assert_eq!(Report::decode(Reader::new(&frame)).unwrap(), report);
        }
        for request in [
            Request::Cancel { id },
            Request::Refused { username: text.clone(), origin, at_fault: flag, reason: text, took: time, counts: !flag },
        ] {
            let frame = encoded(&request);
            prop_assert_eq!(encoded(&Request::decode(Reader::new(&frame)).unwrap()), frame);
        }
    }

    #[test]
    fn what_is_said_of_a_session_survives_the_wire(
        id: u64,
        attempt: u64,
        assigned in session::assigned(),
        usage in session::usage(),
        origin in origin(),
    ) {
        for request in [Request::Open { id, attempt, assigned }, Request::Close { attempt, usage }] {
            let frame = encoded(&request);
            prop_assert_eq!(encoded(&Request::decode(Reader::new(&frame)).unwrap()), frame);
        }
        for order in [Order::Open { nonce: id, assigned, reference: origin.reference }, Order::Close { nonce: id, usage }] {
            let frame = encoded(&order);
            prop_assert_eq!(encoded(&Order::decode(Reader::new(&frame)).unwrap()), frame);
        }
    }

    #[test]
    fn what_is_said_of_options_survives_the_wire(id: u64, lookup in lookup(), origin in origin(), text in bytes(MAX_TEXT), code: u32) {
        let request = encoded(&Request::Options { id, lookup: lookup.clone(), origin });
        prop_assert_eq!(encoded(&Request::decode(Reader::new(&request)).unwrap()), request);
        let order = encoded(&Order::LookUp { nonce: id, lookup });
        prop_assert_eq!(encoded(&Order::decode(Reader::new(&order)).unwrap()), order);
        let name = text[..text.len().min(MAX_CHECKED)].to_vec();
        for reply in [Reply::Options { id, part: text.clone() }, Reply::Named { id, name }] {
            let frame = encoded(&reply);
            prop_assert!(frame.len() <= Reply::MAX_BYTES);
            prop_assert_eq!(Reply::decode(Reader::new(&frame)).unwrap(), reply);
        }
        for news in [News::Part(text.clone()), News::LookedUp(Done { code, text })] {
            let report = Report { nonce: id, news };
            prop_assert_eq!(Report::decode(Reader::new(&encoded(&report))).unwrap(), report);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(frame in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Request::decode(Reader::new(&frame));
        let _ = Reply::decode(Reader::new(&frame));
        let _ = Order::decode(Reader::new(&frame));
        let _ = Report::decode(Reader::new(&frame));
        let _ = Credentials::decode(Reader::new(&frame));
    }

    #[test]
    fn every_cut_and_every_extension_is_refused(check in check(), cut in 0usize..1000) {
        let frame = encoded(&Request::Check(check));
        let cut = cut % frame.len();
        prop_assert!(Request::decode(Reader::new(&frame[..cut])).is_err());
        let mut longer = frame;
        longer.push(0);
        prop_assert!(Request::decode(Reader::new(&longer)).is_err());
    }
}

#[test]
fn a_username_over_the_bound_is_refused_by_the_sender_and_by_the_receiver() {
    assert!(order(&[b'u'; MAX_CREDENTIAL]).encode(&mut Writer::default()).is_ok());
    assert!(order(&[b'u'; MAX_CREDENTIAL + 1]).encode(&mut Writer::default()).is_err());
    let mut frame = Writer::default();
    frame.u8(TAG_BEGIN);
    frame.u64(1);
    frame.bytes_field("username", &[b'u'; MAX_CREDENTIAL + 1], MAX_CREDENTIAL + 1).unwrap();
    assert_eq!(
        Order::decode(Reader::new(frame.bytes())).err(),
        Some(WireError::TooLong { field: "username", bound: MAX_CREDENTIAL })
    );
}

#[test]
fn the_longest_credentials_fit_into_a_block() {
    let longest = vec![b'x'; MAX_CREDENTIAL];
    let secret = || Secret::copy_of(&longest);
    let credentials = Credentials { password: secret(), response: Some(secret()) };
    assert_eq!(credentials.seal().unwrap().len(), MAX_BLOCK);
}

#[test]
fn a_nul_inside_a_credential_and_an_unknown_tag_are_refused() {
    let nul = Some(WireError::Unknown { field: "username", value: 0 });
    assert_eq!(Order::decode(Reader::new(&encoded(&order(b"a\0b")))).err(), nul);
    let credentials =
        Credentials { password: Secret::copy_of(b"a\0b"), response: Some(Secret::copy_of(b"")) };
    let unsealed = Credentials::unseal(&credentials.seal().unwrap());
    assert_eq!(unsealed.err(), Some(WireError::Unknown { field: "password", value: 0 }));
    assert_eq!(Request::decode(Reader::new(&[TAG_BEGIN])).err(), Some(tag(TAG_BEGIN)));
}
