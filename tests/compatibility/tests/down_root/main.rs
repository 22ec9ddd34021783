//! The down-root table: the same cases against the C plugin and ours. `--nocapture` prints its rows.

mod case;
mod cases;
mod run_case;

use std::process::ExitCode;

use harness::plugin::Side;

fn main() -> ExitCode {
    compatibility::table::main(cases::all(), "What differs: down-root", Side::down_root)
}
