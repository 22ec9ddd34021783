//! The plugin under load, called as OpenVPN calls it: more logins than real clients could make, and the files a login
//! leaves.
//!
//! Each check opens the plugin in a process of its own, which must have no threads when the plugin forks. All of them
//! run side by side.

mod backend_away;
mod check;
mod gone_client;
mod grace;
mod leaks;
mod penalties;
mod push_once;
mod questions;
mod queue;
mod refusal;
mod sessions;
mod sources;
mod storm;
mod stuck_log;
mod time_limit;

use std::process::ExitCode;

use case_runner::Suite;

use check::Check;
use harness::TestModule;

/// All checks.
const CHECKS: &[Check] = &[
    Check { name: "storm::a_thousand_logins_with_crashing_and_hanging_modules", run: storm::run },
    Check { name: "leaks::thousands_of_logins_leave_nothing", run: leaks::run },
    Check { name: "queue::full_and_the_client_understands_temporary_failures", run: queue::full_temporary },
    Check { name: "queue::full_and_the_client_does_not", run: queue::full_plain },
    Check { name: "queue::full_and_there_is_no_reason_file", run: queue::full_without_reason_file },
    Check { name: "queue::full_and_the_longest_gives", run: queue::longest_gives },
    Check { name: "queue::the_old_limit_for_an_address_is_warned_of", run: queue::old_option },
    Check { name: "sources::three_hundred_behind_one_router", run: sources::one_router },
    Check { name: "sources::one_address_cannot_hold_all_workers", run: sources::one_address },
    Check { name: "sources::one_ipv6_network_cannot_fill_the_queue", run: sources::one_network },
    Check { name: "sources::two_transactions_of_a_username_at_a_time", run: sources::one_username },
    Check { name: "sources::three_quarters_of_the_workers_are_for_one", run: sources::three_quarters },
    Check { name: "refusal::takes_its_time_by_default", run: refusal::by_default },
    Check { name: "refusal::holds_up_nobody", run: refusal::while_others_log_in },
    Check { name: "refusal::turned_off", run: refusal::turned_off },
    Check { name: "refusal::one_attempt_too_many", run: refusal::one_too_many },
    Check { name: "gone_client::a_login_that_nobody_waits_for_is_not_run", run: gone_client::run },
    Check { name: "penalties::a_source_that_only_fails_deferred", run: penalties::deferred_mode },
    Check { name: "penalties::a_source_that_only_fails_default_mode", run: penalties::default_mode },
    Check { name: "penalties::a_source_is_a_network_in_ipv6", run: penalties::ipv6 },
    Check { name: "penalties::a_source_is_what_the_option_says", run: penalties::ipv4_prefix },
    Check { name: "penalties::the_same_wrong_password_again", run: penalties::the_same_again },
    Check { name: "penalties::a_success_forgives", run: penalties::forgiven },
    Check { name: "penalties::turned_off", run: penalties::turned_off },
    Check { name: "penalties::a_burst_of_guesses", run: penalties::a_burst },
    Check { name: "penalties::one_who_guesses_among_many", run: penalties::among_many },
    Check { name: "penalties::closing_a_source_tells_nothing", run: penalties::closing_tells_nothing },
    Check { name: "penalties::a_closed_source_tells_nothing", run: penalties::a_closed_source_tells_nothing },
    Check { name: "push_once::the_same_again_joins", run: push_once::joins },
    Check { name: "push_once::a_refusal_is_for_all", run: push_once::joins_and_is_refused },
    Check { name: "push_once::never_with_another_password", run: push_once::never_with_another_password },
    Check { name: "push_once::the_first_client_is_gone_and_comes_back", run: push_once::gone_and_back },
    Check { name: "push_once::the_first_leaves_the_queue", run: push_once::the_first_leaves_the_queue },
    Check { name: "push_once::bounded", run: push_once::bounded },
    Check { name: "backend_away::for_everybody_deferred", run: backend_away::deferred },
    Check { name: "backend_away::for_everybody_default_mode", run: backend_away::default_mode },
    Check { name: "backend_away::for_one_user", run: backend_away::for_one_user },
    Check { name: "backend_away::in_the_account_phase", run: backend_away::in_the_account_phase },
    Check { name: "backend_away::no_answer_within_the_time_limit", run: backend_away::no_answer },
    Check { name: "backend_away::other_failures_are_final", run: backend_away::other_failures },
    Check { name: "questions::a_thousand_that_nobody_answers", run: questions::abandoned },
    Check { name: "sessions::five_hundred", run: sessions::five_hundred },
    Check { name: "stuck_log::the_time_limit_of_a_direct_answer_holds", run: stuck_log::time_limit },
    Check { name: "stuck_log::a_deferred_verdict_arrives", run: stuck_log::deferred_verdict },
    Check { name: "grace::an_accepted_login_is_answered_as_soon_as_it_is_accepted", run: grace::quick },
    Check { name: "grace::a_refused_login_costs_the_whole_grace", run: grace::refused },
    Check { name: "grace::only_accepted_logins_teach_it_anything", run: grace::learning },
    Check { name: "grace::one_account_again_and_again", run: grace::again_and_again },
    Check { name: "grace::logins_that_compute_for_ever_keep_nobody_waiting", run: grace::spinning },
    Check { name: "time_limit::a_worker_that_hangs_while_it_starts", run: time_limit::starting },
    Check { name: "time_limit::a_queued_login_is_rejected_and_not_run", run: time_limit::queued },
];

fn main() -> ExitCode {
    // Nearly all of their time is waiting.
    let suite = Suite::new(CHECKS.iter().map(check::case)).at_once(CHECKS.len());
    suite.prepare(|scratch| drop(TestModule::compile(scratch))).run()
}
