//! What a plugin's helper processes cost in memory.

use harness::proc_table;
use std::fs;

/// Proportional set size of all descendants of a process, in bytes.
///
/// Pages shared with other processes count by share, so the sum is what would be free without the helpers.
pub(crate) fn helpers(ancestor: i32) -> u64 {
    descendants(ancestor).into_iter().map(proportional_set_size).sum()
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
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
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
        assert!(helpers(own) > 0);
        child.kill().expect("killed");
        child.wait().expect("reaped");
        assert!(!descendants(own).contains(&pid));
    }
}
