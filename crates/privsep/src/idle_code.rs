//! Pages of code that an idle process keeps mapped, libraries' included: a helper of ours needs few of them again, and
//! what nobody has mapped the kernel can give to others.
#![allow(unsafe_code)]

/// Lets go all pages of code. Those that are needed come back from their files.
pub(crate) fn release() {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return };
    for (start, end) in maps.lines().filter_map(code) {
        let place = std::ptr::with_exposed_provenance_mut::<libc::c_void>(start);
        // SAFETY: the kernel says that it is code of a file, which cannot be written to: reading it again finds the same,
        // and nothing is unmapped. A debugger's breakpoints would be lost, nothing else.
        unsafe { libc::madvise(place, end - start, libc::MADV_DONTNEED) };
    }
}

/// Bounds of the mapping if it is code of a file.
fn code(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (range, mode, path) = (fields.next()?, fields.next()?, fields.nth(3)?);
    let (start, end) = range.split_once('-')?;
    let number = |text| usize::from_str_radix(text, 16).ok();
    (mode == "r-xp" && path.starts_with('/')).then_some((number(start)?, number(end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_of_files_is_let_go() {
        for (line, expected) in [
            ("7f00-7f10 r-xp 00001000 fe:00 123   /usr/lib/libc.so.6", Some((0x7f00, 0x7f10))),
            ("7f00-7f10 r--p 00001000 fe:00 123   /usr/lib/libc.so.6", None),
            ("7f00-7f10 rw-p 00001000 fe:00 123   /usr/lib/libc.so.6", None),
            ("7f00-7f10 r-xp 00000000 00:00 0     [vdso]", None),
            ("7f00-7f10 r-xp 00000000 00:00 0 ", None),
        ] {
            assert_eq!(code(line), expected, "{line}");
        }
    }

    #[test]
    fn the_process_goes_on_without_its_code_pages() {
        release();
        assert_eq!(std::hint::black_box(2) + std::hint::black_box(2), 4);
    }
}
