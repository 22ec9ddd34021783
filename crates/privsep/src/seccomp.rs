//! The system calls that a process may still make: a filter for the kernel, which no later call can lift.
//!
//! The program is a list: the first rule that fits lets the call pass. What fits none kills the process.
#![allow(unsafe_code)]

use libc::sock_filter;
use nix::errno::Errno;

/// What one system call may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Its number.
    pub call: u32,
    /// With which arguments.
    pub when: When,
    /// What becomes of it.
    pub then: Then,
}

/// With which arguments a rule fits.
#[cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")),
    expect(dead_code, reason = "nobody has tried a list of calls for this machine")
)]
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    /// With all.
    Always,
    /// The argument of this index, as the kernel takes it for an `int`, is this.
    Is(u32, u32),
    /// These two arguments are these.
    Both([(u32, u32); 2]),
    /// The argument has none of these bits.
    Without(u32, u32),
    /// The argument is a null pointer.
    Null(u32),
}

/// What becomes of a call.
#[cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")),
    expect(dead_code, reason = "nobody has tried a list of calls for this machine")
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It is made.
    Allow,
    /// It fails with `EACCES`: libraries that want to open a file get on without it.
    Fail,
}

/// The kernel's name for the machine, see audit.h; nothing where no list of calls was tried.
pub(crate) const MACHINE: Option<u32> = if cfg!(all(target_arch = "x86_64", target_pointer_width = "64")) {
    Some(0xc000_003e)
} else if cfg!(all(target_arch = "aarch64", target_endian = "little")) {
    Some(0xc000_00b7)
} else if cfg!(target_arch = "riscv64") {
    Some(0xc000_00f3)
} else {
    None
};

/// Byte offsets in what the filter looks at (seccomp_data). The machines above are little-endian.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const ARGUMENTS: u32 = 16;

fn load(offset: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, 0, 0)
}

/// Skips so many instructions if it is equal, or if it is not.
fn if_equal(value: u32, equal: u8, not: u8) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, value, equal, not)
}

fn if_any_bit(bits: u32, any: u8, none: u8) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, bits, any, none)
}

fn end(with: u32) -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, with, 0, 0)
}

fn instruction(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    // All of them have 16 bits.
    sock_filter { code: u16::try_from(code).unwrap_or(0), jt, jf, k }
}

fn argument(index: u32) -> u32 {
    ARGUMENTS + 8 * index
}

fn program(machine: u32, rules: &[Rule]) -> Vec<sock_filter> {
    let mut program = vec![load(ARCH), if_equal(machine, 1, 0), end(libc::SECCOMP_RET_KILL_PROCESS)];
    for rule in rules {
        let result = match rule.then {
            Then::Allow => libc::SECCOMP_RET_ALLOW,
            Then::Fail => libc::SECCOMP_RET_ERRNO | libc::EACCES.unsigned_abs(),
        };
        let test = match rule.when {
            When::Always => vec![],
            When::Is(index, value) => vec![load(argument(index)), if_equal(value, 0, 1)],
            When::Both([(one, value), (other, second)]) => vec![
                load(argument(one)),
                if_equal(value, 0, 3),
                load(argument(other)),
                if_equal(second, 0, 1),
            ],
            When::Without(index, bits) => vec![load(argument(index)), if_any_bit(bits, 1, 0)],
            When::Null(index) => {
                vec![load(argument(index)), if_equal(0, 0, 3), load(argument(index) + 4), if_equal(0, 0, 1)]
            }
        };
        // Beyond the test, of at most four instructions, and its result.
        let skip = u8::try_from(test.len()).unwrap_or(0) + 1;
        program.extend([load(NUMBER), if_equal(rule.call, 0, skip)]);
        program.extend(test);
        program.push(end(result));
    }
    program.push(end(libc::SECCOMP_RET_KILL_PROCESS));
    program
}

/// Lets this process make no other calls from now on. It must have `no_new_privs`.
///
/// # Errors
/// `ENOSYS` or `EINVAL`: this kernel has no filters, or nobody has tried a list of calls for this machine.
pub(crate) fn allow_only(rules: &[Rule]) -> nix::Result<()> {
    let mut program = program(MACHINE.ok_or(Errno::ENOSYS)?, rules);
    let length = libc::c_ushort::try_from(program.len()).map_err(|_| Errno::EINVAL)?;
    let filter = libc::sock_fprog { len: length, filter: program.as_mut_ptr() };
    // SAFETY: `filter` names `length` instructions that live until the call has copied them.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) })
        .map(drop)
}

#[cfg(test)]
mod tests {
    use crate::helper::{fork_child, leave};
    use crate::os::{Ended, wait_for};

    /// Maps a page that may be run.
    fn map_code() -> bool {
        let (protection, flags) =
            (libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping, wherever the kernel puts it; nobody uses it.
        let mapped = unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, -1, 0) };
        mapped != libc::MAP_FAILED
    }

    #[test]
    #[cfg_attr(
        not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")),
        ignore = "there is no filter for this processor"
    )]
    fn there_is_no_way_to_new_code() {
        for (confined, expected) in [(false, Ended::Exited(0)), (true, Ended::Killed(libc::SIGSYS))] {
            let child = fork_child(|| {
                if confined
                    && crate::unprivileged::enter(crate::unprivileged::Keeps::default()).filter.is_some()
                {
                    leave(7);
                }
                leave(i32::from(!map_code()))
            });
            assert_eq!(wait_for(child.unwrap(), true).unwrap().unwrap().1, expected);
        }
    }
}
