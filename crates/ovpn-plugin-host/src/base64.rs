//! Base64 with the semantics of the functions OpenVPN offers to plugins, its leniency included.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes with padding and without line breaks.
#[must_use]
pub fn encode(data: &[u8]) -> String {
    let mut text = String::with_capacity(data.len().div_ceil(3) * 4);
    for group in data.chunks(3) {
        let bits =
            group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let index = (bits >> (18 - 6 * at)) & 63;
            let letter = usize::try_from(index).ok().and_then(|i| ALPHABET.get(i)).copied().unwrap_or(b'=');
            text.push(if at <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// Decodes groups of four letters up to the first group that starts with something else, which ends the text without
/// an error. `None` for a group that is cut short, holds another character, or has more than two `=` or any letter
/// after one.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut data = Vec::with_capacity(text.len() / 4 * 3);
    for group in text.chunks(4) {
        if !group.first().is_some_and(|first| *first == b'=' || value(*first).is_some()) {
            break;
        }
        if group.len() < 4 {
            return None;
        }
        let padding = group.iter().filter(|byte| **byte == b'=').count();
        let (letters, tail) = group.split_at(4 - padding);
        if padding > 2 || tail.iter().any(|byte| *byte != b'=') {
            return None;
        }
        let mut bits = 0u32;
        for letter in letters {
            bits = bits << 6 | value(*letter)?;
        }
        bits <<= 6 * padding;
        let [_, bytes @ ..] = bits.to_be_bytes();
        data.extend(bytes.into_iter().take(3 - padding));
    }
    Some(data)
}

fn value(letter: u8) -> Option<u32> {
    ALPHABET.iter().position(|known| *known == letter).and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_each_rest() {
        for (data, text) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("abcd", "YWJjZA==")] {
            assert_eq!(encode(data.as_bytes()), text);
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(data.as_bytes()));
        }
        assert_eq!(encode(&[0xff, 0xfe, 0xfb]), "//77");
    }

    #[test]
    fn decodes_as_openvpn_does() {
        assert_eq!(decode(b"YQ==YWJj").as_deref(), Some(&b"aabc"[..]), "goes on after padding");
        assert_eq!(decode(b"YWJj\nYWJj").as_deref(), Some(&b"abc"[..]), "stops at a foreign character");
        for bad in ["YQ=", "Y", "====", "Y===", "Y=Q=", "YW\nj"] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
