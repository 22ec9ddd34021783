//! Pages of code, libraries' included, that an idle process lets go. It needs few of them again, and the kernel can use
//! the memory for others.
#![allow(unsafe_code)]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

/// What the kernel says of this process's memory.
const MAPS: &str = "/proc/self/smaps";

/// The same, held open in a process that cannot open it any more.
static OPEN: OnceLock<File> = OnceLock::new();

/// For a process that is about to lose the right to open files.
pub(crate) fn hold_open() {
    if let Ok(file) = File::open(MAPS) {
        let _ = OPEN.set(file);
    }
}

/// Mappings that can be let go, by their bounds.
pub(crate) struct Code(Vec<(usize, usize)>);

/// Looks for pages of code. A mapping in which anything was changed stays: relocations in the code of a module, a hook or
/// a probe would be lost.
pub(crate) fn find() -> Code {
    let maps = OPEN.get().map_or_else(|| std::fs::read_to_string(MAPS).ok(), read);
    Code(maps.map_or_else(Vec::new, |maps| unchanged_code(&maps)))
}

/// Lets go pages of code. Those that are needed come back from their files.
pub(crate) fn release(code: &Code) {
    for &(start, end) in &code.0 {
        let place = std::ptr::with_exposed_provenance_mut::<libc::c_void>(start);
        // SAFETY: the kernel says that it is code of a file, which cannot be written to and of which this process has no
        // page of its own: reading it again finds the same, and nothing is unmapped.
        unsafe { libc::madvise(place, end - start, libc::MADV_DONTNEED) };
    }
}

/// All of an open file.
fn read(file: &File) -> Option<String> {
    let mut text = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let count = file.read_at(&mut piece, text.len() as u64).ok()?;
        if count == 0 {
            return String::from_utf8(text).ok();
        }
        text.extend_from_slice(&piece[..count]);
    }
}

/// Bounds of the mappings that are code of a file, and nothing but that.
fn unchanged_code(maps: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    // The mapping that the lines are about.
    let mut current = None;
    for line in maps.lines() {
        match line.split_once(':').filter(|(name, _)| !name.contains([' ', '-'])) {
            None => {
                found.extend(current);
                current = code(line);
            }
            // Pages of the process's own, in memory or in the swap space.
            Some(("Anonymous" | "Swap", size)) if !size.trim_start().starts_with("0 ") => current = None,
            Some(_) => {}
        }
    }
    found.extend(current);
    found
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
    fn what_was_changed_stays() {
        let mapping = |start: &str, mode: &str, anonymous: u32, swap: u32| {
            format!(
                "{start}000-{start}800 {mode} 00000000 fe:00 123   /usr/lib/a:b.so\nSize:                  8 kB\n\
                 Private_Clean:         4 kB\nAnonymous:             {anonymous} kB\nSwap:                  {swap} kB\n\
                 VmFlags: rd ex mr mw me\n"
            )
        };
        let maps = [
            mapping("1", "r-xp", 0, 0),
            mapping("2", "r-xp", 4, 0),
            mapping("3", "r-xp", 0, 4),
            mapping("4", "rw-p", 0, 0),
            mapping("5", "r-xp", 0, 0),
        ];
        assert_eq!(unchanged_code(&maps.concat()), [(0x1000, 0x1800), (0x5000, 0x5800)]);
        assert_eq!(unchanged_code(""), []);
        let own = std::fs::read_to_string("/proc/self/smaps").unwrap();
        assert!(unchanged_code(&own).len() > 1, "{own}");
    }

    #[test]
    fn the_process_goes_on_without_its_code_pages() {
        let started = std::time::Instant::now();
        release(&find());
        println!("{:?}", started.elapsed());
        assert_eq!(std::hint::black_box(2) + std::hint::black_box(2), 4);
    }
}
