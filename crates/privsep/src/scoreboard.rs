//! A scoreboard in shared memory: each process leaves a small number under its process number. That costs no system
//! call, and no process waits for another.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;

/// As many as a page holds. Two processes that come to the same cell take it from each other.
const CELLS: usize = 512;

/// The cells. They stay mapped as long as the process that has made them lives, and the processes it forks.
#[derive(Debug, Clone, Copy)]
pub struct Scoreboard(&'static [AtomicU64; CELLS]);

impl Scoreboard {
    /// Makes them, for this process and all that it forks from now on.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn new() -> nix::Result<Self> {
        let length = size_of::<[AtomicU64; CELLS]>();
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping of no file, in a place that the kernel chooses: no other memory is touched.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), length, access, kind, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        // SAFETY: the mapping is of that length, begins at a page, and is all zeros, which are values of the type; it is
        // never unmapped, so it lives as long as the process. Other processes change it, which atomics allow for.
        Ok(Scoreboard(unsafe { &*start.cast::<[AtomicU64; CELLS]>() }))
    }

    /// Leaves a number for this process.
    pub fn put(&self, process: i32, number: u8) {
        let process = u64::from(process.unsigned_abs());
        self.cell(process).store(process << 8 | u64::from(number), Ordering::Relaxed);
    }

    /// What this process has left, unless another one has taken its cell.
    pub fn get(&self, process: i32) -> Option<u8> {
        let process = u64::from(process.unsigned_abs());
        let value = self.cell(process).load(Ordering::Relaxed);
        (value >> 8 == process).then_some(value.to_le_bytes()[0])
    }

    fn cell(&self, process: u64) -> &AtomicU64 {
        let place = usize::try_from(process).unwrap_or_default() % CELLS;
        &self.0[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_child_leaves_is_there_for_its_parent() {
        let cells = Scoreboard::new().unwrap();
        let child = crate::fork_child(|| {
            cells.put(nix::unistd::getpid().as_raw(), 7);
            crate::leave(0)
        });
        let child = child.unwrap();
        // And no child of another test.
        crate::os::wait_for(child, true).unwrap();
        assert_eq!(cells.get(child.as_raw()), Some(7));
        assert_eq!(cells.get(child.as_raw() + 1), None);
    }

    #[test]
    fn a_cell_is_the_last_ones() {
        let cells = Scoreboard::new().unwrap();
        let far = 9 + i32::try_from(CELLS).unwrap();
        for (process, number) in [(9, 1), (10, 2), (far, 3), (9, 255)] {
            cells.put(process, number);
            assert_eq!(cells.get(process), Some(number));
        }
        assert_eq!((cells.get(far), cells.get(10)), (None, Some(2)));
    }
}
