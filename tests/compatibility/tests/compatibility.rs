//! The auth-pam table: the same cases against the C plugin and ours. `--nocapture` prints its rows.

use std::process::ExitCode;

use harness::plugin::Side;

fn main() -> ExitCode {
    let cases = compatibility::cases::all();
    compatibility::table::main(cases, "What differs: auth-pam", Side::auth_pam)
}
