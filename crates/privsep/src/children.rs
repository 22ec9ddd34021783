//! The children of this process, as the kernel lists them.

use std::fs::{self, File};
use std::io::{self, Read, Seek};

use nix::unistd::{Pid, getpid};

/// How much is read at once, in bytes: some thousands of numbers.
const MOST_BYTES: u64 = 64 * 1024;
/// The list of the calling thread, of which alone there is one here.
const LIST: &str = "/proc/thread-self/children";

/// The list, held open: it can also be read when no descriptor is left.
#[derive(Debug)]
pub(crate) struct Children(Option<File>);

impl Children {
    /// Opens the list. Kernels without CONFIG_PROC_CHILDREN have none: then every process is asked for its parent.
    pub(crate) fn open() -> Self {
        Children(File::open(LIST).ok())
    }

    /// The children, those not reaped included, and whether these are all.
    pub(crate) fn list(&mut self) -> io::Result<(Vec<Pid>, bool)> {
        let Some(file) = &mut self.0 else { return by_parent(getpid()).map(|children| (children, true)) };
        let mut text = String::new();
        file.rewind()?;
        file.take(MOST_BYTES).read_to_string(&mut text)?;
        let all = (text.len() as u64) < MOST_BYTES;
        // The last number may be cut.
        let whole = if all { &text[..] } else { text.rsplit_once(' ').map_or("", |(whole, _)| whole) };
        Ok((whole.split_ascii_whitespace().filter_map(number).collect(), all))
    }
}

fn number(word: &str) -> Option<Pid> {
    word.parse().ok().map(Pid::from_raw)
}

fn by_parent(parent: Pid) -> io::Result<Vec<Pid>> {
    let processes =
        fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str().and_then(number));
    Ok(processes.filter(|pid| parent_of(*pid) == Some(parent)).collect())
}

/// The fourth field of `/proc/PID/stat`; the second, the name, may hold blanks and parentheses.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    number(stat.rsplit_once(") ")?.1.split_ascii_whitespace().nth(1)?)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use nix::sys::wait::{WaitStatus, waitpid};

    use super::*;
    use crate::helper::{fork_child, leave};

    /// In a process of its own, whose children nobody else makes or reaps.
    fn with_two_children(check: impl FnOnce(&[Pid]) -> bool) {
        let child = fork_child(|| {
            let sleep = || -> Infallible {
                loop {
                    nix::unistd::pause();
                }
            };
            let children = [fork_child(sleep).unwrap(), fork_child(sleep).unwrap()];
            let good = check(&children);
            for child in children {
                let _ = nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL);
            }
            leave(i32::from(!good))
        });
        let child = child.unwrap();
        assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
    }

    #[test]
    fn the_list_is_read_anew_each_time() {
        with_two_children(|children| {
            let mut list = Children::open();
            let first = list.list().unwrap();
            nix::sys::signal::kill(children[0], nix::sys::signal::Signal::SIGKILL).unwrap();
            waitpid(children[0], None).unwrap();
            list.0.is_some()
                && first == (children.to_vec(), true)
                && list.list().unwrap() == (children[1..].to_vec(), true)
        });
    }

    #[test]
    fn without_a_list_every_process_is_asked() {
        with_two_children(|children| {
            let (mut found, all) = Children(None).list().unwrap();
            found.sort();
            let mut children = children.to_vec();
            children.sort();
            all && found == children
        });
    }
}
