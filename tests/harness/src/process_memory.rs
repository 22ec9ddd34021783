//! What a process has in its memory, as root may read it.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::proc_table::Process;

/// Read at once. Two reads overlap by the length of what is looked for.
const CHUNK_BYTES: u64 = 1 << 20;

/// Where `secret` stands in the writable memory of a process, as lines of its map; panics if that cannot be read. One that has
/// ended, as idle workers do, holds nothing.
pub fn holds(pid: i32, secret: &[u8]) -> Vec<String> {
    look_into(pid, secret).unwrap_or_else(|why| {
        let there = Process::look(pid).is_some_and(|process| !process.is_zombie());
        assert!(!there, "memory of process {pid}: {why}");
        Vec::new()
    })
}

fn look_into(pid: i32, secret: &[u8]) -> Result<Vec<String>, String> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).map_err(|error| error.to_string())?;
    let memory = File::open(format!("/proc/{pid}/mem")).map_err(|error| error.to_string())?;
    let writable = |line: &&str| line.split_whitespace().nth(1).is_some_and(|mode| mode.starts_with("rw"));
    let mut read = 0;
    let mut found = Vec::new();
    for line in maps.lines().filter(writable) {
        let (bytes, holds) = look(&memory, line, secret);
        read += bytes;
        if holds {
            found.push(line.to_string());
        }
    }
    if read > 0 { Ok(found) } else { Err("nothing could be read".to_string()) }
}

/// How many KiB a process has, by a line of its `smaps_rollup` such as `Pss:`. `None`: it has ended, or there is no such line.
pub fn rollup_kib(pid: i32, line: &str) -> Option<u64> {
    kib(&std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?, line)
}

/// The same of the text.
pub fn kib(rollup: &str, line: &str) -> Option<u64> {
    let rest = rollup.lines().find_map(|found| found.strip_prefix(line))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// How many bytes of this area could be read, and whether it holds the secret.
fn look(memory: &File, line: &str, secret: &[u8]) -> (u64, bool) {
    let range = line.split_whitespace().next().and_then(|range| range.split_once('-'));
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let Some((Some(start), Some(end))) = range.map(|(start, end)| (number(start), number(end))) else {
        panic!("no line of a map: {line}");
    };
    let (mut at, mut read) = (start, 0);
    let mut chunk = vec![0; usize::try_from(CHUNK_BYTES).unwrap_or(0) + secret.len()];
    while at < end {
        let wanted = usize::try_from(end - at).unwrap_or(usize::MAX).min(chunk.len());
        let count = memory.read_at(&mut chunk[..wanted], at).unwrap_or(0);
        read += count as u64;
        if chunk[..count].windows(secret.len()).any(|window| window == secret) {
            return (read, true);
        }
        at += CHUNK_BYTES;
    }
    (read, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kib_are_read() {
        let rollup = "Rss:  9 kB\nPss:      12 kB\nPss_Anon: 3 kB\nPrivate_Dirty:   7 kB\n";
        let found = ["Pss:", "Pss_Anon:", "Private_Dirty:", "Swap:"].map(|line| kib(rollup, line));
        assert_eq!(found, [Some(12), Some(3), Some(7), None]);
    }

    #[test]
    fn what_is_there_is_found() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let mut secret = b"a word of this test only ".to_vec();
        secret.extend(pid.to_string().bytes());
        assert!(!holds(pid, &secret).is_empty());
    }
}
