//! Properties of the wire format, for every declared message, and what is not seen in a declaration.

use privsep::wire::{Encoding, mutated, reference, testing};
use privsep::{Message, Reader, WireError, Writer};
use proptest::prelude::*;
use secret::Secret;

use super::credentials::MAX_BLOCK;
use super::*;
use crate::metrics::messages::{WriterOrder, WriterReport};

/// For each message: its tests, and its part of the reference document.
macro_rules! messages {
    ($($direction:literal: $message:ty;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(64))]
            #[test]
            fn each_message_keeps_its_bounds(seed: u64) {
                $( testing::check::<$message>(seed); )*
            }
        }

        proptest! {
            #[test]
            fn arbitrary_bytes_never_panic(frame in proptest::collection::vec(any::<u8>(), 0..600)) {
                $( testing::check_bytes::<$message>(&frame); )*
            }

            #[test]
            fn changed_messages_are_refused_or_others(seed: u64) {
                $( mutated::check_mutated::<$message>(seed); )*
            }
        }

        #[test]
        fn each_upper_bound_is_that_of_the_longest_message() {
            $( assert_eq!(testing::longest::<$message>(), <$message>::MAX_BYTES, $direction); )*
        }

        #[test]
        fn generated_reference_of_messages() {
            reference::compare("auth-pam-messages.md", INTRODUCTION, &[$( ($direction, <$message>::SHAPE) ),*]);
        }
    };
}

messages! {
    "Front to supervisor": Request;
    "Supervisor to front": Reply;
    "Supervisor to worker": Order;
    "Worker to supervisor": Report;
    "Supervisor to the writer of metrics": WriterOrder;
    "Writer of metrics to supervisor": WriterReport;
    "Credentials, opaque to the supervisor": Credentials;
    "What modules may know of the client, opaque to the supervisor": Client;
}

const INTRODUCTION: &str = "\
# Messages of auth-pam

What the processes of auth-pam say to each other. No message brings a descriptor. PRIVILEGE.md says
who may do what with them.
";

fn order(username: &[u8]) -> Order {
    Order::Begin(NewTransaction {
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
    fn credentials_survive_being_sealed(
        password in proptest::collection::vec(1u8.., 0..300),
        response in proptest::option::of(proptest::collection::vec(1u8.., 0..50)),
    ) {
        let sent = Credentials { password: Secret::copy_of(&password), response: response.as_deref().map(Secret::copy_of) };
        let read = Credentials::unseal(&sent.seal().unwrap()).unwrap();
        prop_assert_eq!(read.password.expose(), password);
        prop_assert_eq!(read.response.as_ref().map(Secret::expose), response.as_deref());
    }
}

#[test]
fn a_username_over_the_bound_is_refused_by_the_sender() {
    assert!(order(&[b'u'; MAX_CREDENTIAL]).encode(&mut Writer::default()).is_ok());
    let too_long = Some(WireError::TooLong { field: "username", bound: MAX_CREDENTIAL });
    assert_eq!(order(&[b'u'; MAX_CREDENTIAL + 1]).encode(&mut Writer::default()).err(), too_long);
}

#[test]
fn the_longest_credentials_fit_into_a_block() {
    let secret = || Secret::copy_of(&[b'x'; MAX_CREDENTIAL]);
    let credentials = Credentials { password: secret(), response: Some(secret()) };
    assert_eq!(credentials.seal().unwrap().len(), MAX_BLOCK);
}

#[test]
fn a_nul_inside_a_credential_and_the_tag_of_another_direction_are_refused() {
    let nul = Some(WireError::Unknown { field: "username", value: 0 });
    assert_eq!(Order::decode(Reader::new(&encoded(&order(b"a\0b")))).err(), nul);
    let secret = || Secret::copy_of(b"a\0b");
    for (credentials, field) in [
        (Credentials { password: secret(), response: None }, "password"),
        (Credentials { password: Secret::copy_of(b""), response: Some(secret()) }, "response"),
    ] {
        let unsealed = Credentials::unseal(&credentials.seal().unwrap());
        assert_eq!(unsealed.err(), Some(WireError::Unknown { field, value: 0 }));
    }
    let tag = Some(WireError::Unknown { field: "tag", value: 33 });
    assert_eq!(Request::decode(Reader::new(&encoded(&order(b"alice")))).err(), tag);
}
