//! What a plugin's helper processes hold: memory and descriptors.

use harness::proc_table;
use harness::process_memory::kib;
use std::fs;
use std::time::Duration;

/// How long helpers take to give memory back when they have nothing to do: our workers do so after 1 s.
const QUIET: Duration = Duration::from_millis(1500);

/// What all descendants of a process hold together.
pub(crate) struct Held {
    /// Proportional set size, in bytes. Pages shared with other processes count by share, so the sum is what would be
    /// free without the helpers; it falls when any other process maps the same libraries.
    pub(crate) bytes: f64,
    /// Open descriptors.
    pub(crate) descriptors: f64,
    /// How many processes there are.
    pub(crate) processes: f64,
}

/// Waits until helpers that have nothing to do hold what they hold for long.
pub(crate) fn settle() {
    std::thread::sleep(QUIET);
}

/// Looks at all descendants of a process.
pub(crate) fn helpers(ancestor: i32) -> Held {
    let pids = descendants(ancestor);
    Held {
        bytes: lossy(pids.iter().map(|pid| proportional_set_size(*pid)).sum()),
        descriptors: lossy(pids.iter().map(|pid| descriptors(*pid)).sum()),
        processes: lossy(pids.len() as u64),
    }
}

/// Open descriptors of a process.
pub(crate) fn descriptors(pid: i32) -> u64 {
    proc_table::descriptors(pid).len() as u64
}

fn descendants(ancestor: i32) -> Vec<i32> {
    let all = proc_table::all();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|process| process.parent == parent).map(|process| process.pid));
        next += 1;
    }
    found.split_off(1)
}

fn proportional_set_size(pid: i32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    parse(&rollup).unwrap_or(0)
}

/// The line `Pss:   1234 kB`.
fn parse(rollup: &str) -> Option<u64> {
    kib(rollup, "Pss:")?.checked_mul(1024)
}

/// A number far below what a float holds exactly.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn lossy(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pss_line_is_read_in_bytes() {
        assert_eq!(parse("Rss:  9 kB\nPss:      12 kB\nPss_Anon: 3 kB\n"), Some(12 * 1024));
        assert_eq!(parse("Rss: 9 kB\n"), None);
    }

    #[test]
    fn a_child_is_a_helper_until_it_ends() {
        let own = i32::try_from(std::process::id()).expect("pid fits");
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        let pid = i32::try_from(child.id()).expect("pid fits");
        assert!(descendants(own).contains(&pid));
        let held = helpers(own);
        assert!(held.bytes > 0.0 && held.descriptors > 0.0 && held.processes >= 1.0);
        child.kill().expect("killed");
        child.wait().expect("reaped");
        assert!(!descendants(own).contains(&pid));
    }
}
