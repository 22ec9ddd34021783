//! Runs the table, or the part of it whose case names contain the first argument, and prints one line per case.
//!
//! Has no test harness: plugins fork, and a driver process that is started again from this file must have no threads.

use compatibility::case::Case;
use compatibility::row::Row;
use compatibility::stage::{Side, Stage};
use compatibility::{cases, driver};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, script, verdicts] = arguments.as_slice() {
        if first == driver::ARGUMENT {
            return driver::main(script.as_ref(), verdicts.as_ref());
        }
    }
    if !nix::unistd::geteuid().is_root() {
        eprintln!("the compatibility table needs root: it writes to /etc/pam.d and makes scratch accounts");
        return ExitCode::FAILURE;
    }
    // cargo passes options meant for its own harness.
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    run(cases::all().iter().filter(|case| case.name.contains(filter)))
}

fn run<'a>(cases: impl Iterator<Item = &'a Case>) -> ExitCode {
    let stage = match Stage::new() {
        Ok(stage) => stage,
        Err(error) => {
            eprintln!("becoming the parent of orphans: {error}");
            return ExitCode::FAILURE;
        }
    };
    let (c, ours) = (harness::plugin::c_auth_pam(), harness::plugin::auth_pam());
    let (mut passed, mut failed) = (0, 0);
    for case in cases {
        // A row that cannot be set up (no room for an account, say) is one failure, not the end of the table.
        let row = catch_unwind(AssertUnwindSafe(|| {
            Row::new(case, stage.run(case, Side::C, &c), stage.run(case, Side::Ours, &ours))
        }));
        match row {
            Ok(row) => {
                println!("{row}");
                if row.complaints().is_empty() { passed += 1 } else { failed += 1 }
            }
            Err(_) => {
                println!("{} | WRONG: could not be run, see above", case.name);
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
