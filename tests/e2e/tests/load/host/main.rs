//! The plugin under load, called as OpenVPN calls it: more logins than real clients could make, and the files a login
//! leaves.
//!
//! Has no test harness: each check opens the plugin in a process of its own, which must have no threads when the
//! plugin forks. All of them run side by side.

mod backend_away;
mod check;
mod grace;
mod queue;
mod storm;
mod time_limit;

use std::process::ExitCode;

use check::Check;

/// All checks.
const CHECKS: [Check; 14] = [
    Check { name: "storm::a_thousand_logins_with_crashing_and_hanging_modules", run: storm::run },
    Check { name: "queue::full_and_the_client_understands_temporary_failures", run: queue::full_temporary },
    Check { name: "queue::full_and_the_client_does_not", run: queue::full_plain },
    Check { name: "queue::full_and_there_is_no_reason_file", run: queue::full_without_reason_file },
    Check { name: "queue::one_address_cannot_fill_it", run: queue::one_address },
    Check { name: "backend_away::deferred", run: backend_away::deferred },
    Check { name: "backend_away::default_mode", run: backend_away::default_mode },
    Check { name: "backend_away::other_failures_are_final", run: backend_away::other_failures },
    Check { name: "grace::a_login_whose_worker_waits_is_deferred_at_once", run: grace::waiting },
    Check { name: "grace::a_login_whose_worker_computes_is_waited_for", run: grace::computing },
    Check { name: "grace::a_quick_login_that_was_deferred_is_learned_from", run: grace::learning },
    Check {
        name: "grace::logins_that_compute_get_no_more_workers_than_there_are_processors",
        run: grace::processors,
    },
    Check { name: "grace::logins_that_compute_for_ever_keep_nobody_waiting", run: grace::spinning },
    Check { name: "time_limit::a_queued_login_is_rejected_and_not_run", run: time_limit::queued },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, name] = arguments.as_slice() {
        if first == check::ARGUMENT {
            return check::run_here(&CHECKS, name);
        }
    }
    harness::command::require_root();
    // cargo passes options meant for its own harness.
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    check::run_all(CHECKS.iter().filter(|check| check.name.contains(filter)))
}
