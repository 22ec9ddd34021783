//! Times and sizes of our plugins beside the C ones', in the same run, against the targets.
//!
//! `bench [FILTER]` runs the rows whose name contains the filter, prints a table and writes it to
//! `target/bench/bench.txt`, `bench.json` and a chart `bench.svg` (with a filter `bench-FILTER.*`). Rows named `long`
//! only run when asked for. `bench clocks` looks for what a clock tells instead ([`clocks`]). Each plugin runs in a process of its own ([`plugin_process`]) or in a real server; rounds go in
//! turn, so that whatever else the machine does meets both.

mod bench;
mod burst;
mod chart;
mod clocks;
mod machine;
mod memory;
mod plugin_host;
mod plugin_process;
mod questions;
mod report;
mod row;
mod rows;
mod sessions;
mod stats;
mod up_down;

use bench::Bench;
use machine::Machine;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == plugin_host::ARGUMENT) {
        return plugin_host::main();
    }
    if !nix::unistd::geteuid().is_root() {
        eprintln!("the benchmark needs root: it writes to /etc/pam.d and makes a scratch account");
        return ExitCode::FAILURE;
    }
    if arguments.first().is_some_and(|first| first == clocks::ARGUMENT) {
        return clocks::main(arguments.get(1));
    }
    let filter = arguments.first().map_or("", String::as_str);
    let mut machine = Machine::this();
    let rows = Bench::new().run(filter);
    machine.ended();
    if rows.is_empty() {
        eprintln!("no row has {filter:?} in its name");
        return ExitCode::FAILURE;
    }
    print!("{}", report::text(&rows, &machine));
    match report::write(&rows, &machine, &directory(), &file_name(filter)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("writing the report: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the report's files are called: a part of the rows does not overwrite the whole.
fn file_name(filter: &str) -> String {
    match filter {
        "" => "bench".into(),
        _ => format!("bench-{}", filter.replace(|character: char| !character.is_ascii_alphanumeric(), "-")),
    }
}

/// `target/bench`: beside the profile directory this program was built into.
fn directory() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.ancestors().nth(2).map_or_else(|| PathBuf::from("target/bench"), |target| target.join("bench"))
}
