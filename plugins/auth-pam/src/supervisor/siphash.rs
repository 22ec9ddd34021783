//! SipHash-2-4 with a result of 128 bits (Aumasson, Bernstein: "SipHash: a fast short-input PRF", and its extension to 128
//! bits): a keyed hash made for messages of others. Nobody without the key can find two messages with the same result, or
//! tell anything of a message by it. The standard library's has 64 bits, fewer rounds, and no promise to stay.

/// Length of the key in bytes.
pub const KEY_BYTES: usize = 16;

struct State([u64; 4]);

impl State {
    fn rounds(&mut self, count: u32) {
        let [v0, v1, v2, v3] = &mut self.0;
        for _ in 0..count {
            *v0 = v0.wrapping_add(*v1);
            *v1 = v1.rotate_left(13) ^ *v0;
            *v0 = v0.rotate_left(32);
            *v2 = v2.wrapping_add(*v3);
            *v3 = v3.rotate_left(16) ^ *v2;
            *v0 = v0.wrapping_add(*v3);
            *v3 = v3.rotate_left(21) ^ *v0;
            *v2 = v2.wrapping_add(*v1);
            *v1 = v1.rotate_left(17) ^ *v2;
            *v2 = v2.rotate_left(32);
        }
    }

    fn word(&mut self, word: u64) {
        self.0[3] ^= word;
        self.rounds(2);
        self.0[0] ^= word;
    }

    fn half(&mut self) -> u128 {
        self.rounds(4);
        self.0.iter().fold(0, |half, v| half ^ u128::from(*v))
    }
}

/// Eight bytes or fewer, the first one lowest.
fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The hash of a message.
pub fn siphash(key: &[u8; KEY_BYTES], message: &[u8]) -> u128 {
    let (low, high) = key.split_at(8);
    let (low, high) = (little_endian(low), little_endian(high));
    let mut state = State([
        low ^ 0x736f_6d65_7073_6575,
        high ^ 0x646f_7261_6e64_6f6d ^ 0xee,
        low ^ 0x6c79_6765_6e65_7261,
        high ^ 0x7465_6462_7974_6573,
    ]);
    let words = message.chunks_exact(8);
    let rest = little_endian(words.remainder());
    words.for_each(|word| state.word(little_endian(word)));
    // The lowest byte of the length, above the rest of the message.
    state.word((message.len() as u64) << 56 | rest);
    state.0[2] ^= 0xee;
    let first = state.half();
    state.0[1] ^= 0xdd;
    first | state.half() << 64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the authors' reference implementation: key 00 01 ... 0f, messages of 0, 1 ... bytes 00 01 ...
    #[test]
    fn the_published_vectors() {
        let bytes: Vec<u8> = (0..64).collect();
        let key = *bytes.first_chunk().unwrap();
        for (length, hash) in [
            (0, "a3817f04ba25a8e66df67214c7550293"),
            (1, "da87c1d86b99af44347659119b22fc45"),
            (2, "8177228da4a45dc7fca38bdef60affe4"),
        ] {
            let found = siphash(&key, &bytes[..length]).to_le_bytes();
            let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(found, hash, "{length} bytes");
        }
    }

    #[test]
    fn each_byte_counts() {
        let key = [7; KEY_BYTES];
        for length in [1, 7, 8, 9, 16, 300] {
            let message = vec![b'x'; length];
            let own = siphash(&key, &message);
            for at in 0..length {
                let mut other = message.clone();
                other[at] ^= 1;
                assert_ne!(siphash(&key, &other), own, "byte {at} of {length}");
            }
            assert_ne!(siphash(&[8; KEY_BYTES], &message), own);
            assert_ne!(siphash(&key, &message[1..]), own);
        }
    }
}
