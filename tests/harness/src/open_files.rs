//! A limit on open files for one running process, so that it has a chosen number of descriptors left.

use crate::proc_table::{descriptors, wait_until};
use crate::{PATIENCE, command};

/// Sets the soft limit: descriptors get lower numbers than this.
pub fn limit(pid: i32, soft: u32) {
    command::run("prlimit", &["--pid", &pid.to_string(), &format!("--nofile={soft}:")]);
}

/// Leaves the process `free` descriptors. Waits before until it has none to a file whose path contains `passing`:
/// those of a login are closed only after it was answered.
pub fn leave(pid: i32, free: usize, passing: &str) {
    let settled = || !descriptors(pid).iter().any(|(_, target)| target.contains(passing));
    assert!(wait_until(PATIENCE, settled), "{:?}", descriptors(pid));
    // The limit is one above the highest number allowed; lower numbers may be free too.
    let used: Vec<u32> = descriptors(pid).into_iter().map(|(number, _)| number).collect();
    limit(pid, (0..).filter(|number| !used.contains(number)).nth(free).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::process::Stdio;

    #[test]
    fn a_process_gets_no_more_than_is_left() {
        let mut command = std::process::Command::new("sh");
        // To be started a program needs one: for its libraries.
        command.args(["-c", "echo; read line; exec cat /dev/null"]).stderr(Stdio::null());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        for (free, well) in [(0, false), (1, true)] {
            let mut child = command.spawn().expect("sh");
            // It has opened what it opens at its start.
            child.stdout.as_mut().expect("piped").read_exact(&mut [0]).expect("a line");
            leave(i32::try_from(child.id()).expect("pid fits"), free, "no such file");
            drop(child.stdin.take());
            assert_eq!(child.wait().expect("wait").success(), well, "{free} left");
        }
    }
}
