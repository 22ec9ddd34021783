//! Fuzz targets of what is private here: plain functions, which the fuzzer and the replay of the kept inputs both call. Not
//! part of what is shipped.

use crate::acl::{self, Writers};
use crate::kept_helper::fuzzing::decode_all;

/// The access control list of a file, in the kernel's form. A plain reading of acl(5) decides the same.
///
/// # Panics
/// If it is not so.
pub fn acl(list: &[u8]) {
    let found = acl::parse(list);
    let understood = list.len() >= 4 && list[..4] == 2u32.to_le_bytes() && (list.len() - 4) % 8 == 0;
    if !understood {
        assert_eq!(found, Writers { group: true, named: true });
        return;
    }
    let entries: Vec<(u16, u16)> = list[4..]
        .chunks(8)
        .map(|entry| (u16::from_le_bytes([entry[0], entry[1]]), u16::from_le_bytes([entry[2], entry[3]])))
        .collect();
    let any = |tags: &[u16]| entries.iter().any(|(tag, allowed)| tags.contains(tag) && allowed & 2 != 0);
    let mask = entries.iter().rfind(|(tag, _)| *tag == 0x10).is_none_or(|(_, allowed)| allowed & 2 != 0);
    assert_eq!(found, Writers { group: any(&[0x04]) && mask, named: any(&[0x02, 0x08]) && mask });
}

/// What a helper that was taken over may send its keeper, which is root: decoding never panics, and what is taken is the
/// only way to write it. The other direction likewise.
///
/// # Panics
/// If it is not so.
pub fn keeper(frame: &[u8]) {
    decode_all(frame);
}

#[cfg(test)]
mod tests {
    #[test]
    fn kept_inputs_are_taken_as_before() {
        let all: [corpus::Target; 2] = [("acl", super::acl), ("keeper", super::keeper)];
        corpus::replay(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"), &all);
    }
}
