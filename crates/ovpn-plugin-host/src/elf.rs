//! Which shared objects a program of this machine is linked with: the DT_NEEDED entries of its ELF file.

use std::fs;
use std::path::Path;

const PT_LOAD: usize = 1;
const PT_DYNAMIC: usize = 2;
const DT_NULL: usize = 0;
const DT_NEEDED: usize = 1;
const DT_STRTAB: usize = 5;
/// A larger program is not looked into.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The names of the shared objects, in the order in which the loader takes them; none if the file is no such program.
pub(crate) fn needed(program: &Path) -> Vec<String> {
    Elf::read(program).and_then(|elf| elf.needed()).unwrap_or_default()
}

struct Elf {
    bytes: Vec<u8>,
    /// Bytes of an address.
    word_bytes: usize,
}

struct Segment {
    kind: usize,
    offset: usize,
    address: usize,
    bytes: usize,
}

impl Elf {
    fn read(program: &Path) -> Option<Self> {
        if fs::metadata(program).ok()?.len() > MAX_BYTES {
            return None;
        }
        let bytes = fs::read(program).ok()?;
        let own_order = if cfg!(target_endian = "little") { 1 } else { 2 };
        match bytes.get(..6)? {
            [0x7f, b'E', b'L', b'F', 1, order] if *order == own_order => Some(Self { bytes, word_bytes: 4 }),
            [0x7f, b'E', b'L', b'F', 2, order] if *order == own_order => Some(Self { bytes, word_bytes: 8 }),
            _ => None,
        }
    }

    fn number(&self, at: usize, bytes: usize) -> Option<usize> {
        let raw = self.bytes.get(at..at.checked_add(bytes)?)?;
        let step = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let number = if cfg!(target_endian = "little") {
            raw.iter().rev().fold(0, step)
        } else {
            raw.iter().fold(0, step)
        };
        usize::try_from(number).ok()
    }

    fn word(&self, at: usize) -> Option<usize> {
        self.number(at, self.word_bytes)
    }

    fn segments(&self) -> Option<Vec<Segment>> {
        // Where the fields stand in the file's header and in that of a segment, with addresses of 8 and of 4 bytes.
        let ([table, size, count], [offset, address, bytes]) =
            if self.word_bytes == 8 { ([32, 54, 56], [8, 16, 32]) } else { ([28, 42, 44], [4, 8, 16]) };
        let (table, size, count) = (self.word(table)?, self.number(size, 2)?, self.number(count, 2)?);
        (0..count)
            .map(|number| {
                let at = table.checked_add(number.checked_mul(size)?)?;
                Some(Segment {
                    kind: self.number(at, 4)?,
                    offset: self.word(at.checked_add(offset)?)?,
                    address: self.word(at.checked_add(address)?)?,
                    bytes: self.word(at.checked_add(bytes)?)?,
                })
            })
            .collect()
    }

    fn needed(&self) -> Option<Vec<String>> {
        let segments = self.segments()?;
        let dynamic = segments.iter().find(|segment| segment.kind == PT_DYNAMIC)?;
        let entries: Vec<(usize, usize)> = (0..dynamic.bytes / (2 * self.word_bytes))
            .map_while(|number| {
                let at = dynamic.offset.checked_add(number * 2 * self.word_bytes)?;
                Some((self.word(at)?, self.word(at.checked_add(self.word_bytes)?)?))
            })
            .take_while(|(tag, _)| *tag != DT_NULL)
            .collect();
        let (_, address) = entries.iter().find(|(tag, _)| *tag == DT_STRTAB)?;
        let texts = segments.iter().filter(|segment| segment.kind == PT_LOAD).find_map(|segment| {
            let into = address.checked_sub(segment.address).filter(|into| *into < segment.bytes)?;
            segment.offset.checked_add(into)
        })?;
        let named = entries.iter().filter(|(tag, _)| *tag == DT_NEEDED);
        named.map(|(_, text)| self.text(texts.checked_add(*text)?)).collect()
    }

    fn text(&self, at: usize) -> Option<String> {
        let text = self.bytes.get(at..)?.split(|byte| *byte == 0).next()?;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_objects_of_a_program_are_named() {
        let own = needed(&std::env::current_exe().unwrap());
        assert!(own.iter().any(|name| name.starts_with("libc.")), "{own:?}");
    }

    /// Cut anywhere, and with any byte changed, it is looked at without a panic.
    #[test]
    fn what_is_no_program_has_none() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("program");
        let whole = fs::read(std::env::current_exe().unwrap()).unwrap();
        for text in
            [&b""[..], b"\x7fELF", b"#!/bin/sh\n", whole.get(..64).unwrap(), whole.get(..200).unwrap()]
        {
            fs::write(&file, text).unwrap();
            assert_eq!(needed(&file), [""; 0]);
        }
        let head = whole.get(..4096).unwrap();
        for at in 6..64 {
            let mut changed = head.to_vec();
            changed[at] = 0xff;
            fs::write(&file, &changed).unwrap();
            needed(&file);
        }
        assert_eq!(needed(Path::new("/nonexistent")), [""; 0]);
    }
}
