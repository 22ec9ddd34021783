//! Whether a process uses a processor, or waits for one: then a further one would only take it away from others.

use nix::unistd::Pid;

/// How many processors there are for this process and its children.
pub fn count() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Whether this process computes or wants to; false as well if that cannot be known.
pub fn computes(pid: Pid) -> bool {
    std::fs::read(format!("/proc/{pid}/stat")).is_ok_and(|line| state(&line) == Some(b'R'))
}

/// The state in a line of proc_pid_stat(5): what follows the name, which is in parentheses and may hold any byte.
fn state(line: &[u8]) -> Option<u8> {
    let name_ends = line.iter().rposition(|byte| *byte == b')')?;
    line.get(name_ends + 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    #[test]
    fn the_state_follows_the_last_parenthesis() {
        assert_eq!(state(b"12 (auth-pam-worker) S 1 12"), Some(b'S'));
        assert_eq!(state(b"12 (a) R ) b) D 1 12"), Some(b'D'));
        assert_eq!(state(b"12 (a)"), None);
        assert_eq!(state(b""), None);
    }

    #[test]
    fn a_process_that_reads_from_a_pipe_does_not_compute_and_this_one_does() {
        let mut reader = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let pid = Pid::from_raw(reader.id().try_into().unwrap());
        let end = Instant::now() + Duration::from_secs(20);
        let mut sleeps = false;
        while !sleeps && Instant::now() < end {
            sleeps = !computes(pid);
        }
        drop(reader.stdin.take());
        reader.wait().unwrap();
        assert!(sleeps);
        // The thread that looks, that is: the main thread of a test program sleeps.
        assert!(computes(nix::unistd::gettid()));
        assert!(!computes(pid), "it is gone");
    }
}
