//! A system call as a stopped process is about to make it, and how to keep it from being made.

use libc::user_regs_struct;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// A call that is about to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entering {
    /// Its number.
    pub(crate) number: i64,
    /// Its first five arguments.
    pub(crate) arguments: [u64; 5],
    registers: user_regs_struct,
}

impl Entering {
    /// Of a process that has stopped there.
    pub(crate) fn of(process: Pid) -> nix::Result<Self> {
        let registers = ptrace::getregs(process)?;
        let user_regs_struct { rdi, rsi, rdx, r10, r8, orig_rax, .. } = registers;
        Ok(Self { number: signed(orig_rax), arguments: [rdi, rsi, rdx, r10, r8], registers })
    }

    /// Has a call made in its place that changes nothing, and that the filter of the supervisor lets pass.
    pub(crate) fn avert(&self, process: Pid) -> nix::Result<()> {
        let harmless = unsigned(libc::SYS_getpid);
        ptrace::setregs(process, user_regs_struct { orig_rax: harmless, ..self.registers })
    }

    /// Has `brk` only tell where the memory ends: that is how it fails.
    pub(crate) fn avert_brk(&self, process: Pid) -> nix::Result<()> {
        ptrace::setregs(process, user_regs_struct { rdi: 0, ..self.registers })
    }

    /// After the call: gives it this result, if there is one, and the arguments that it had, which nobody expects to change.
    pub(crate) fn end(&self, process: Pid, result: Option<i64>) -> nix::Result<()> {
        let registers = ptrace::getregs(process)?;
        let rax = result.map_or(registers.rax, unsigned);
        ptrace::setregs(process, user_regs_struct { rax, rdi: self.registers.rdi, ..registers })
    }
}

/// The number of a call, an argument or a result, as its bits are.
pub(crate) fn signed(bits: u64) -> i64 {
    i64::from_ne_bytes(bits.to_ne_bytes())
}

fn unsigned(number: i64) -> u64 {
    u64::from_ne_bytes(number.to_ne_bytes())
}
