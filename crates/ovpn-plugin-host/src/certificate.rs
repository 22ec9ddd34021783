//! Certificates for plugins that look at them: with a subject, and with a signature that nobody checks.

/// OID of Ed25519, and of a common name.
const ED25519: [u8; 5] = [0x06, 0x03, 0x2b, 0x65, 0x70];
const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;

/// A certificate of these names in DER, with the serial number 17.
pub(crate) fn der(subject: &str, issuer: &str) -> Vec<u8> {
    let algorithm = tlv(SEQUENCE, &[&ED25519]);
    let bits = |bytes: &[u8]| tlv(BIT_STRING, &[&[0], bytes]);
    let content = tlv(
        SEQUENCE,
        &[
            &tlv(VERSION, &[&tlv(INTEGER, &[&[2]])]),
            &tlv(INTEGER, &[&[17]]),
            &algorithm,
            &name(issuer),
            &tlv(SEQUENCE, &[&tlv(UTC_TIME, &[b"260101000000Z"]), &tlv(UTC_TIME, &[b"360101000000Z"])]),
            &name(subject),
            &tlv(SEQUENCE, &[&algorithm, &bits(&[9; 32])]),
        ],
    );
    tlv(SEQUENCE, &[&content, &algorithm, &bits(&[0; 64])])
}

fn name(common_name: &str) -> Vec<u8> {
    let attribute = tlv(SEQUENCE, &[&COMMON_NAME, &tlv(UTF8_STRING, &[common_name.as_bytes()])]);
    tlv(SEQUENCE, &[&tlv(SET, &[&attribute])])
}

/// Tag, length and value.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let mut length: Vec<u8> = value.len().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if value.len() >= 0x80 {
        let bytes = u8::try_from(length.len()).unwrap_or_default();
        length.insert(0, 0x80 | bytes);
    }
    if length.is_empty() {
        length.push(0);
    }
    [&[tag][..], &length, &value].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_der_has_them() {
        assert_eq!(tlv(INTEGER, &[]), [2, 0]);
        assert_eq!(tlv(INTEGER, &[&[1; 127]]).get(..2), Some(&[2, 127][..]));
        assert_eq!(tlv(INTEGER, &[&[1; 128]]).get(..3), Some(&[2, 0x81, 128][..]));
        assert_eq!(tlv(INTEGER, &[&[1; 300]]).get(..4), Some(&[2, 0x82, 1, 44][..]));
    }
}
