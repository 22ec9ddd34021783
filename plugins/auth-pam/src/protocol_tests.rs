//! Properties of the wire format: what is written is read, and no bytes from outside cause a panic or an allocation
//! beyond the frame.

use super::*;
use proptest::prelude::*;

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(1u8..=255, 0..max)
}

prop_compose! {
    fn login()(username in bytes(300), password in bytes(300), response in bytes(50), common_name in bytes(80), address in bytes(MAX_ADDRESS)) -> Login {
        Login { username, password: Secret::new(password), response: Secret::new(response), common_name, address }
    }
}

fn encoded(message: &impl Message) -> Vec<u8> {
    let mut writer = Writer::default();
    message.encode(&mut writer).unwrap();
    writer.bytes().to_vec()
}

fn same(a: &Login, b: &Login) -> bool {
    a.username == b.username
        && a.password.expose() == b.password.expose()
        && a.response.expose() == b.response.expose()
        && a.common_name == b.common_name
        && a.address == b.address
}

proptest! {
    #[test]
    fn a_check_survives_the_wire(id in 1u64.., control: bool, reason: bool, temporary: bool, trial: bool, login in login()) {
        let sent = Ask::Check(Check { id, control, reason, temporary, trial, login });
        let frame = encoded(&sent);
        prop_assert!(frame.len() <= Ask::MAX_BYTES);
        let (Ask::Check(sent), Ask::Check(read)) = (sent, Ask::decode(Reader::new(&frame)).unwrap()) else { panic!("other message") };
        let flags = |check: &Check| [check.control, check.reason, check.temporary, check.trial];
        prop_assert_eq!((read.id, flags(&read)), (sent.id, flags(&sent)));
        prop_assert!(same(&read.login, &sent.login));
    }

    #[test]
    fn a_job_survives_the_wire(nonce: u64, login in login()) {
        let frame = encoded(&Job { nonce, login });
        let read = Job::decode(Reader::new(&frame)).unwrap();
        prop_assert_eq!(encoded(&read), frame);
    }

    #[test]
    fn answers_and_reports_survive_the_wire(id: u64, accepted: bool, decided: u64, took: Option<u32>, code: u32, words in bytes(MAX_TEXT)) {
        let took = took.map(|micros| Duration::from_micros(micros.into()));
        for answer in [Answer::Verdict { id, accepted, decided, took }, Answer::Slow { id }, Answer::Ready] {
            let frame = encoded(&answer);
            prop_assert!(frame.len() <= Answer::MAX_BYTES);
            prop_assert_eq!(Answer::decode(Reader::new(&frame)).unwrap(), answer);
        }
        let report = Report { nonce: id, news: News::Done { code, words: words.clone(), leaving: accepted } };
        prop_assert_eq!(Report::decode(Reader::new(&encoded(&report))).unwrap(), report);
        let note = Report { nonce: id, news: News::Note(words) };
        prop_assert_eq!(Report::decode(Reader::new(&encoded(&note))).unwrap(), note);
    }

    #[test]
    fn arbitrary_bytes_never_panic(frame in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Ask::decode(Reader::new(&frame));
        let _ = Answer::decode(Reader::new(&frame));
        let _ = Job::decode(Reader::new(&frame));
        let _ = Report::decode(Reader::new(&frame));
    }

    #[test]
    fn every_cut_and_every_extension_is_refused(login in login(), cut in 0usize..1000) {
        let frame = encoded(&Ask::Check(Check { id: 1, control: false, reason: true, temporary: false, trial: false, login }));
        let cut = cut % frame.len();
        prop_assert!(Ask::decode(Reader::new(&frame[..cut])).is_err());
        let mut longer = frame;
        longer.push(0);
        prop_assert!(Ask::decode(Reader::new(&longer)).is_err());
    }
}

#[test]
fn a_username_over_the_bound_is_refused_by_the_sender_and_by_the_receiver() {
    let login = |length| Login {
        username: vec![b'u'; length],
        password: Secret::copy_of(b"p"),
        response: Secret::copy_of(b""),
        common_name: vec![],
        address: vec![],
    };
    assert!(Job { nonce: 1, login: login(MAX_CREDENTIAL) }.encode(&mut Writer::default()).is_ok());
    assert!(Job { nonce: 1, login: login(MAX_CREDENTIAL + 1) }.encode(&mut Writer::default()).is_err());
    let mut frame = Writer::default();
    frame.u8(TAG_JOB);
    frame.u64(1);
    frame.bytes_field("username", &[b'u'; MAX_CREDENTIAL + 1], MAX_CREDENTIAL + 1).unwrap();
    assert_eq!(
        Job::decode(Reader::new(frame.bytes())).err(),
        Some(WireError::TooLong { field: "username", bound: MAX_CREDENTIAL })
    );
}

#[test]
fn a_nul_inside_a_credential_and_an_unknown_tag_are_refused() {
    let frame = encoded(&Job {
        nonce: 1,
        login: Login {
            username: b"a\0b".to_vec(),
            password: Secret::copy_of(b"p"),
            response: Secret::copy_of(b""),
            common_name: vec![],
            address: vec![],
        },
    });
    assert_eq!(
        Job::decode(Reader::new(&frame)).err(),
        Some(WireError::Unknown { field: "username", value: 0 })
    );
    assert_eq!(Ask::decode(Reader::new(&[TAG_JOB])).err(), Some(tag(TAG_JOB)));
}
