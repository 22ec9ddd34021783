//! Properties of the wire format: what is written is read, and no bytes from outside cause a panic, an allocation
//! beyond the frame, or a variable that is not on the list.

use super::*;
use privsep::wire::{mutated, reference, testing};
use proptest::prelude::*;

fn any_request() -> impl Strategy<Value = Request> {
    let variable = ("UV_[A-Za-z0-9_]{1,20}", "[ -~]{0,60}")
        .prop_filter("the beginning of a function", |(_, value)| !value.starts_with("()"))
        .prop_map(|(name, value)| Variable { name: name.into(), value: value.into() });
    let words = ("add|update|delete", "10\\.8\\.0\\.[1-9]|2001:db8::[1-9]/64", "[A-Za-z0-9][ -.0-~]{0,39}");
    let args = (words, 0..=3usize).prop_map(|((change, address, name), count)| {
        [change, address, name].map(String::into_bytes).into_iter().take(count).collect()
    });
    (any::<u64>(), args, proptest::collection::vec(variable, 0..20))
        .prop_map(|(id, args, variables)| Request { id, event: Event::LearnAddress, args, variables })
}

fn encoded(message: &impl Message) -> Vec<u8> {
    let mut writer = Writer::default();
    message.encode(&mut writer).unwrap();
    writer.bytes().to_vec()
}

fn with(name: &[u8], value: &[u8]) -> Request {
    let variables = vec![Variable { name: name.to_vec(), value: value.to_vec() }];
    Request { id: 1, event: Event::ClientConnect, args: vec![], variables }
}

proptest! {
    #[test]
    fn a_request_survives_the_wire(request in any_request()) {
        let frame = encoded(&request);
        prop_assert!(frame.len() <= Request::MAX_BYTES);
        prop_assert_eq!(Request::decode(Reader::new(&frame)).unwrap(), request);
    }

    #[test]
    fn every_cut_and_every_extension_is_refused(request in any_request(), cut: usize) {
        let frame = encoded(&request);
        prop_assert!(Request::decode(Reader::new(&frame[..cut % frame.len()])).is_err());
        prop_assert!(Request::decode(Reader::new(&[&frame[..], &[0]].concat())).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic(frame in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Request::decode(Reader::new(&frame));
        testing::check_bytes::<Request>(&frame);
        testing::check_bytes::<Reply>(&frame);
    }

    #[test]
    fn a_changed_byte_gives_nothing_that_is_not_allowed(request in any_request(), at: usize, byte: u8) {
        let mut frame = encoded(&request);
        let at = at % frame.len();
        frame[at] = byte;
        if let Ok(request) = Request::decode(Reader::new(&frame)) {
            prop_assert!(allowed::args(request.event, request.args.iter().map(Vec::as_slice)));
            prop_assert!(request.variables.iter().all(|v| allowed::variable(request.event, &v.name, &v.value)));
        }
    }

    #[test]
    fn names_that_are_not_on_the_list_are_refused(name in "[A-Z_]{1,12}") {
        prop_assume!(!allowed::variable(Event::ClientConnect, name.as_bytes(), b"x"));
        prop_assert!(Request::decode(Reader::new(&encoded(&with(name.as_bytes(), b"x")))).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn each_message_keeps_its_bounds(seed: u64) {
        testing::check::<Request>(seed);
        testing::check::<Reply>(seed);
        mutated::check_mutated::<Request>(seed);
        mutated::check_mutated::<Reply>(seed);
    }
}

#[test]
fn generated_reference_of_messages() {
    let introduction = "# Messages of down-root\n\n\
        What front and helper say to each other. No message brings a descriptor. PRIVILEGE.md says which\n\
        words and variables are allowed at which event; with any other a `Request` is refused.\n";
    let directions = [("Front to helper", Request::SHAPE), ("Helper to front", Reply::SHAPE)];
    reference::compare("down-root-messages.md", introduction, &directions);
}

#[test]
fn forged_variables_and_words_are_refused() {
    for (name, value) in [
        ("LD_PRELOAD", "/tmp/evil.so"),
        ("PATH", "/tmp"),
        ("BASH_ENV", "/tmp/evil"),
        ("UV_X", "() { :; }; reboot"),
        ("UV_X", "a\nLD_PRELOAD=/tmp/evil.so"),
        ("UV_X\0LD_PRELOAD", "1"),
        ("UV_X", "a\0b"),
        ("trusted_port", "1; reboot"),
        ("trusted_ip", "../../../etc/cron.d/x"),
        ("common_name", "../../../etc/cron.d/x"),
    ] {
        let frame = encoded(&with(name.as_bytes(), value.as_bytes()));
        assert!(Request::decode(Reader::new(&frame)).is_err(), "{name}={value}");
    }
    for words in
        [vec!["a\0b"], vec!["reboot"], vec!["add", "../../../etc/cron.d/x"], vec!["add", "10.8.0.2", "../x"]]
    {
        let args = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let request = Request { id: 1, event: Event::LearnAddress, args, variables: vec![] };
        assert!(Request::decode(Reader::new(&encoded(&request))).is_err(), "{words:?}");
    }
}

#[test]
fn the_down_script_gets_no_words_and_few_variables() {
    let mut request = with(b"dev", b"tun0");
    request.event = Event::Down;
    assert!(Request::decode(Reader::new(&encoded(&request))).is_err());
    let words = Request { id: 1, event: Event::Down, args: vec![b"x".to_vec()], variables: vec![] };
    assert!(words.encode(&mut Writer::default()).is_err());
}

#[test]
fn bounds_hold_on_both_sides() {
    let big = |count: usize| Request {
        variables: vec![Variable { name: b"UV_X".to_vec(), value: vec![b'x'; 8000] }; count],
        ..with(b"", b"")
    };
    assert!(encoded(&big(8)).len() <= Request::MAX_BYTES);
    assert!(big(9).encode(&mut Writer::default()).is_err());
    let many = |count| Request {
        variables: vec![Variable { name: b"UV_X".to_vec(), value: vec![] }; count],
        ..with(b"", b"")
    };
    assert!(many(MAX_VARIABLES).encode(&mut Writer::default()).is_ok());
    assert!(many(MAX_VARIABLES + 1).encode(&mut Writer::default()).is_err());
    for (event, words) in [(0u8, 0u16), (99, 0), (8, 4), (8, u16::MAX)] {
        let mut frame = Writer::default();
        frame.u64(1);
        frame.u8(event);
        frame.array(&words.to_le_bytes());
        frame.array(&[0; 2]);
        assert!(Request::decode(Reader::new(frame.bytes())).is_err(), "{event} {words}");
    }
    let options = Reply::Done { id: 1, succeeded: true, client_options: vec![0; MAX_CLIENT_OPTIONS + 1] };
    assert!(options.encode(&mut Writer::default()).is_err());
}
