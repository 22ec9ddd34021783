//! Properties of the walkers, on arrays and strings that end where memory ends: one pointer or byte too many is fatal.

use std::ffi::c_char;
use std::io;
use std::ptr::NonNull;

use proptest::prelude::*;
use proptest::sample::Index;

use super::StringArray;
use crate::Env;

/// Bytes that end right before a page without access.
struct Guarded {
    map: NonNull<libc::c_void>,
    map_bytes: usize,
    first: *mut u8,
}

impl Guarded {
    fn new(bytes: &[u8]) -> Self {
        // SAFETY: takes no pointer.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap();
        let usable = bytes.len().div_ceil(page).max(1) * page;
        let map_bytes = usable + page;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: asks for fresh memory anywhere.
        let map = unsafe { libc::mmap(std::ptr::null_mut(), map_bytes, access, kind, -1, 0) };
        assert_ne!(map, libc::MAP_FAILED, "{}", io::Error::last_os_error());
        // SAFETY: the last page of that memory.
        let guard = unsafe { map.add(usable) };
        // SAFETY: as above; nobody uses it.
        assert_eq!(unsafe { libc::mprotect(guard, page, libc::PROT_NONE) }, 0);
        // SAFETY: inside the usable pages.
        let first = unsafe { guard.cast::<u8>().sub(bytes.len()) };
        // SAFETY: fresh memory of that length.
        unsafe { first.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Self { map: NonNull::new(map).unwrap(), map_bytes, first }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: mapped in new(), unmapped once.
        unsafe { libc::munmap(self.map.as_ptr(), self.map_bytes) };
    }
}

/// An array of strings in C's form, every string and the array itself guarded.
struct GuardedArray {
    _strings: Vec<Guarded>,
    pointers: Guarded,
}

impl GuardedArray {
    fn new(items: &[Vec<u8>]) -> Self {
        Self::of(items.iter().map(|item| [item.as_slice(), &[0]].concat()).collect())
    }

    /// The same from strings as they are, terminated or not.
    fn of(items: Vec<Vec<u8>>) -> Self {
        let strings: Vec<Guarded> = items.iter().map(|item| Guarded::new(item)).collect();
        let pointers = strings.iter().map(|string| string.first as usize).chain([0]);
        let bytes: Vec<u8> = pointers.flat_map(usize::to_ne_bytes).collect();
        Self { _strings: strings, pointers: Guarded::new(&bytes) }
    }

    fn array(&self) -> StringArray<'_> {
        // SAFETY: pointers to strings, the last null; all live in self. What the tests leave unterminated they do not
        // read whole. The page size is a multiple of a pointer's, so they are aligned.
        unsafe { StringArray::new(self.pointers.first.cast::<*const c_char>()) }
    }
}

/// Entries as a hostile or broken host may pass them: empty, without `=`, twice the same name, not UTF-8.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-c=]{0,6}".prop_map(String::into_bytes),
        2 => prop::collection::vec(1u8..=255, 0..50),
        1 => Just(Vec::new()),
        1 => Just(b"=".to_vec()),
        1 => "[a-c]{1,2}=\u{fc}".prop_map(|text| [text.as_bytes(), &[0xff, 0xfe]].concat()),
    ]
}

fn split(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = entry.iter().position(|byte| *byte == b'=')?;
    Some((&entry[..at], &entry[at + 1..]))
}

proptest! {
    #[test]
    fn words_are_what_was_put_in(items in prop::collection::vec(entry(), 0..12)) {
        let guarded = GuardedArray::new(&items);
        let seen: Vec<Vec<u8>> = guarded.array().iter().map(<[u8]>::to_vec).collect();
        prop_assert_eq!(seen, items);
    }

    #[test]
    fn lookups_agree_with_a_plain_search(
        items in prop::collection::vec(entry(), 0..12),
        name in "[a-c=]{0,3}|.{0,3}",
    ) {
        let guarded = GuardedArray::new(&items);
        let env = Env::new(guarded.array());
        let pairs: Vec<_> = items.iter().filter_map(|item| split(item)).collect();
        let all: Vec<_> = env.iter().collect();
        prop_assert_eq!(&all, &pairs);
        let found = pairs.iter().find(|(known, _)| *known == name.as_bytes()).map(|(_, value)| *value);
        prop_assert_eq!(env.get(&name), found);
        prop_assert_eq!(env.get_str(&name), found.and_then(|value| std::str::from_utf8(value).ok()));
        // A name from among them is found, the first of its kind.
        for (known, _) in &pairs {
            let first = pairs.iter().find(|(other, _)| other == known).map(|(_, value)| *value);
            if let Ok(known) = std::str::from_utf8(known) {
                prop_assert_eq!(env.get(known), first);
            }
        }
    }

    /// A string that lacks its NUL is outside of what C allows. Looking up another name still does not run past it.
    #[test]
    fn lookups_do_not_run_past_a_string_without_its_nul(
        items in prop::collection::vec("[a-c]{1,3}=[a-c]{0,9}", 1..6),
        at in any::<Index>(),
        broken in "[x-z]{1,8}",
    ) {
        let mut strings: Vec<Vec<u8>> = items.iter().map(|item| [item.as_bytes(), &[0]].concat()).collect();
        strings.insert(at.index(items.len() + 1), broken.clone().into_bytes());
        let guarded = GuardedArray::of(strings);
        let env = Env::new(guarded.array());
        for item in &items {
            let (name, _) = item.split_once('=').unwrap();
            let first = items.iter().filter_map(|item| item.split_once('=')).find(|(known, _)| *known == name);
            prop_assert_eq!(env.get_str(name), first.map(|(_, value)| value));
        }
        // Longer than what there is, and different before its end.
        let other = format!("{}-", &broken[..broken.len() - 1]);
        prop_assert_eq!(env.get(&other), None);
    }

    #[test]
    fn a_megabyte_is_nothing_special(
        before in prop::collection::vec(entry(), 0..4),
        fill in 1u8..=255,
        bytes in (1usize << 20) - 2..(1 << 20) + 3,
    ) {
        let value = vec![fill; bytes];
        let mut items = before;
        items.push([b"long=", value.as_slice()].concat());
        items.push(b"after=1".to_vec());
        let guarded = GuardedArray::new(&items);
        let env = Env::new(guarded.array());
        prop_assert_eq!(env.get("long"), Some(value.as_slice()));
        prop_assert_eq!(env.get("after"), Some(&b"1"[..]));
        prop_assert_eq!(guarded.array().iter().count(), items.len());
    }
}
