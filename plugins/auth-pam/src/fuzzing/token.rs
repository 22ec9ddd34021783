//! The token that a client shows instead of a password: since when it is worth something.

use std::time::Duration;

use base64ct::{Base64, Encoding};

use crate::front::{Issued, issued};

const PREFIX: &[u8] = b"SESS_ID_AT_";
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A token, or the bytes that stand in one.
///
/// # Panics
/// If it was made at another time than a slow reading of it gives.
pub fn token(input: &[u8]) {
    let expected = input.strip_prefix(PREFIX).and_then(decoded).as_deref().and_then(first_time);
    assert_eq!(issued(input), at(expected));
    let written = [PREFIX, Base64::encode_string(input).as_bytes()].concat();
    assert_eq!(issued(&written), at(first_time(input)));
}

fn at(seconds: Option<u64>) -> Issued {
    seconds.map_or(Issued::Unknown, |seconds| Issued::At(Duration::from_secs(seconds)))
}

/// Big-endian, behind twelve bytes.
fn first_time(bytes: &[u8]) -> Option<u64> {
    let time = bytes.get(12..20)?;
    Some(time.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Bit by bit; nothing if it is written as no encoder writes it.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if text.len() % 4 != 0 || padding > 2 {
        return None;
    }
    let mut bits = Vec::new();
    for letter in &text[..text.len() - padding] {
        let value = LETTERS.iter().position(|other| other == letter)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
    }
    let whole = bits.len() / 8 * 8;
    let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    (!bits[whole..].contains(&true)).then(|| bits[..whole].chunks(8).map(byte).collect())
}
