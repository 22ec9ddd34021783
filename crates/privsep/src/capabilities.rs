//! Gives capabilities up, see capabilities(7). nix has no wrapper.
#![allow(unsafe_code)]

use libc::{c_int, c_long, c_ulong};
use nix::errno::Errno;

/// A set of capabilities of those below 32; bit n is the capability of number n.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities(u32);

impl Capabilities {
    /// None.
    pub const NONE: Self = Capabilities(0);
    /// Go past the permissions of files and directories.
    pub const DAC: Self = Capabilities(1 << 1 | 1 << 2);
    /// Signal processes of other users.
    pub const KILL: Self = Capabilities(1 << 5);
    /// Lock memory.
    pub const IPC_LOCK: Self = Capabilities(1 << 14);
    /// Exceed limits, for instance on processes.
    pub const SYS_RESOURCE: Self = Capabilities(1 << 24);

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Capabilities(self.0 | others.0)
    }
}

/// No program is root's because of its user, user numbers change no capabilities, and all that stays so.
const SECUREBITS: c_ulong = 0xef;
/// PR_CAP_AMBIENT_CLEAR_ALL.
const AMBIENT_CLEAR_ALL: c_ulong = 4;
/// Securebit: the user root has no capabilities at exec.
const NOROOT: c_long = 1;
/// Version 3 of the interface.
const VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    process: c_int,
}

/// Effective, permitted, inheritable; the low and then the high half of each.
type Sets = [[u32; 3]; 2];

fn own() -> nix::Result<Sets> {
    let (mut header, mut sets) = (Header { version: VERSION, process: 0 }, Sets::default());
    // SAFETY: writes 24 bytes to the second local, which has them.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, &raw mut sets) })?;
    Ok(sets)
}

/// Gives up all but `keep` of what this process has; `clear_inheritable` also of what it would pass on.
fn reduce(keep: Capabilities, clear_inheritable: bool) -> nix::Result<()> {
    let mut sets = own()?;
    for ([effective, permitted, inheritable], keep) in sets.iter_mut().zip([keep.0, 0]) {
        *permitted &= keep;
        *effective = *permitted;
        if clear_inheritable {
            *inheritable = 0;
        }
    }
    let mut header = Header { version: VERSION, process: 0 };
    // SAFETY: reads two locals that have the layout of the interface.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, &raw const sets) }).map(drop)
}

/// Gives up all capabilities but `keep`, in all five sets and for good: neither this process nor a program it could start
/// gets one back. Without `CAP_SETPCAP` the bounding set stays; it matters at exec only.
pub(crate) fn give_up_for_good(keep: Capabilities) -> nix::Result<()> {
    // SAFETY: takes numbers.
    let set = |option, value: c_ulong| unsafe { libc::prctl(option, value, 0, 0, 0) };
    set(libc::PR_CAP_AMBIENT, AMBIENT_CLEAR_ALL);
    let mut number = 0;
    // Up to the first one that there is none of.
    while number < 64 && set(libc::PR_CAPBSET_DROP, number) == 0 {
        number += 1;
    }
    set(libc::PR_SET_SECUREBITS, SECUREBITS);
    reduce(keep, true)
}

/// Gives up all capabilities but `keep`. A program that is started has those that it would have had: those of root come from
/// the bounding set. Of another user they would not, so nothing is given up then.
///
/// # Errors
/// None that is known.
pub fn give_up_until_exec(keep: Capabilities) -> nix::Result<()> {
    // SAFETY: takes and returns numbers.
    let securebits = unsafe { libc::prctl(libc::PR_GET_SECUREBITS, 0, 0, 0, 0) };
    if !nix::unistd::geteuid().is_root()
        || !nix::unistd::getuid().is_root()
        || c_long::from(securebits) & NOROOT != 0
    {
        return Ok(());
    }
    reduce(keep, false)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::helper::{fork_child, leave};
    use crate::os::{Ended, wait_for};

    fn sets(status: &str) -> Vec<String> {
        status.lines().filter(|line| line.starts_with("Cap")).map(str::to_string).collect()
    }

    #[test]
    fn a_program_has_what_it_would_have_had() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let own = sets(&status);
        let child = fork_child(|| {
            let reduced = give_up_until_exec(Capabilities::KILL.and(Capabilities::IPC_LOCK)).is_ok();
            let here = sets(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
            let mut program = Command::new("cat");
            program.arg("/proc/self/status").stdin(Stdio::null()).stderr(Stdio::null());
            let program = program.output().map(|output| sets(&String::from_utf8_lossy(&output.stdout)));
            let few = here.contains(&"CapEff:\t0000000000004020".to_string())
                && here.contains(&"CapPrm:\t0000000000004020".to_string());
            let same = program.is_ok_and(|program| program == own);
            leave(i32::from(!reduced) + 2 * i32::from(!few) + 4 * i32::from(!same))
        });
        assert_eq!(wait_for(child.unwrap(), true).unwrap().unwrap().1, Ended::Exited(0));
    }
}
