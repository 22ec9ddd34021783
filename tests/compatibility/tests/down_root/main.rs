//! The down-root table: the same cases against the C plugin and ours. Runs it, or the part of it whose case names
//! contain the first argument, and prints one line per case.
//!
//! Has no test harness: plugins fork, and a driver process that is started again from this file must have no threads.

mod case;
mod cases;
mod driver;
mod stage;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use case::Case;
use stage::Side;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, script, answers] = arguments.as_slice() {
        if first == driver::ARGUMENT {
            return driver::main(script.as_ref(), answers.as_ref());
        }
    }
    if !nix::unistd::geteuid().is_root() {
        eprintln!("the compatibility table needs root: its scripts must belong to root");
        return ExitCode::FAILURE;
    }
    if let Err(error) = nix::sys::prctl::set_child_subreaper(true) {
        eprintln!("becoming the parent of orphans: {error}");
        return ExitCode::FAILURE;
    }
    // cargo passes options meant for its own harness.
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    let ours = harness::plugin::built("libopenvpn_plugin_down_root.so");
    let c = harness::plugin::c_auth_pam().with_file_name("openvpn-plugin-down-root.so");
    let (mut passed, mut failed) = (0, 0);
    for case in cases::all().iter().filter(|case| case.name.contains(filter)) {
        let answers = catch_unwind(AssertUnwindSafe(|| {
            (stage::run(case, Side::C, &c), stage::run(case, Side::Ours, &ours))
        }));
        let good = answers.is_ok_and(|(c, ours)| {
            let (line, good) = row(case, &c, &ours);
            println!("{line}");
            good
        });
        if good { passed += 1 } else { failed += 1 }
    }
    let all = cases::all();
    let differing: Vec<&str> = all.iter().filter(|case| case.c != case.ours).map(|case| case.name).collect();
    for complaint in compatibility::guide::complaints("What differs: down-root", &differing) {
        println!("docs/migration.md | WRONG: {complaint}");
        failed += 1;
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One printed line, and whether it is as the table says.
fn row(case: &Case, c: &str, ours: &str) -> (String, bool) {
    let good = c == case.c && ours == case.ours;
    let remark = match () {
        () if !good => format!("WRONG: the table says C: {}; ours: {}", case.c, case.ours),
        () if c == ours => "same".to_string(),
        () => format!("mends: {}", case.mends),
    };
    (format!("{} | C: {c} | ours: {ours} | {remark}", case.name), good)
}
