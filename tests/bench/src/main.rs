//! Times and sizes of our plugin beside the C one's, in the same run, against the targets.
//!
//! `bench [FILTER]` runs the rows whose name contains the filter, prints a table and writes it to
//! `target/bench/bench.txt` and `bench.json`. Each plugin runs in a process of its own ([`subject`]); rounds go in
//! turn, so that whatever else the machine does meets both.

mod loaded;
mod memory;
mod report;
mod row;
mod rows;
mod stats;
mod subject;

use row::Bench;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == loaded::ARGUMENT) {
        return loaded::main();
    }
    if !nix::unistd::geteuid().is_root() {
        eprintln!("the benchmark needs root: it writes to /etc/pam.d and makes a scratch account");
        return ExitCode::FAILURE;
    }
    let filter = arguments.first().map_or("", String::as_str);
    let bench = Bench::new();
    let rows = bench.run(filter);
    print!("{}", report::table(&rows));
    match report::write(&rows, &directory()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("writing the report: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `target/bench`: beside the profile directory this program was built into.
fn directory() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.ancestors().nth(2).map_or_else(|| PathBuf::from("target/bench"), |target| target.join("bench"))
}
