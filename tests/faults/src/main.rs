//! `make faults`: system calls of auth-pam's front, supervisor and keeper fail, one in each run.
//!
//! A process plays a script of logins with the real plugin ([`play`]), and another one traces it and all that it starts
//! ([`tracer`]). First nothing fails, and the calls are noted. Then each of them fails, in a run of its own, by an error that
//! fits it. Whatever fails: nobody is let in who is refused otherwise, each login is answered, the server goes on, all of it
//! ends, and a line tells of it if somebody was refused. What came of it is kept in `tests/faults/results.txt`, and
//! docs/reference/faults.md is made from that.
//!
//! Usage: `faults`: all; `faults quick`: each call at one place, and nothing is kept; `faults PROCESS CALL PLACE ERROR`: one,
//! and its log; with `killed` behind it, by the script in which the supervisor is killed.

#[cfg(target_arch = "x86_64")]
mod all_runs;
#[cfg(target_arch = "x86_64")]
mod call;
#[cfg(target_arch = "x86_64")]
mod guard;
#[cfg(target_arch = "x86_64")]
mod judge;
#[cfg(target_arch = "x86_64")]
mod matrix;
#[cfg(all(test, target_arch = "x86_64"))]
mod page;
#[cfg(target_arch = "x86_64")]
mod phase;
#[cfg(target_arch = "x86_64")]
mod play;
#[cfg(target_arch = "x86_64")]
mod record;
#[cfg(target_arch = "x86_64")]
mod registers;
#[cfg(target_arch = "x86_64")]
mod role;
#[cfg(target_arch = "x86_64")]
mod run;
#[cfg(target_arch = "x86_64")]
mod tracer;

use std::process::ExitCode;

#[cfg(target_arch = "x86_64")]
fn main() -> ExitCode {
    all_runs::main()
}

/// Of the registers of other machines nobody knows yet which are which.
#[cfg(not(target_arch = "x86_64"))]
fn main() -> ExitCode {
    eprintln!("faults runs on x86-64 only");
    ExitCode::FAILURE
}
