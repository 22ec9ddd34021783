//! The cases by what is attacked.

mod another_user;
mod client_options;
mod credentials;
mod expired;
mod files;
mod helper_ends;
mod hostile_front;
mod hostile_module;
mod leftovers;
mod ordinary_modules;
mod output;
mod pages;
mod passwordless;
mod pending_questions;
mod process_state;
mod questions;
mod session_attacks;
mod session_limits;
mod sessions;
mod shared_questions;
mod shortage;
mod slow_logins;
mod standard_descriptors;
mod system_log;

/// One case; it panics when it fails.
pub(crate) struct Case {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) run: fn(),
    /// Whether it needs a /dev of its own.
    pub(crate) private_dev: bool,
}

macro_rules! cases {
    ($($room:ident: $($case:ident)+;)+) => {
        /// All of them.
        pub(crate) const CASES: &[Case] = &[$($(Case {
            name: concat!(stringify!($room), "::", stringify!($case)),
            run: $room::$case,
            // Such a case catches what goes to the system log.
            private_dev: matches!(stringify!($room).as_bytes(), b"system_log" | b"shortage" | b"questions"),
        }),+),+];
    };
}

// The slow ones first.
cases! {
    helper_ends:
        a_stopped_supervisor_does_not_hold_up_closing
        a_stopped_keeper_does_not_hold_up_closing
        a_supervisor_that_was_killed_is_replaced
        a_supervisor_that_dies_again_and_again_is_given_up
        without_a_keeper_nobody_stays
        a_module_that_kills_its_parent_ends_logins_and_nobody_gets_in
        a_request_for_an_earlier_supervisor_is_not_run
        a_supervisor_that_dies_during_the_grace_refuses
        killing_the_supervisor_kills_what_modules_started;
    slow_logins:
        it_is_said_at_its_beginning_and_at_its_end
        it_is_over_too_when_nobody_waits_any_more
        a_person_at_a_web_page_is_no_slow_login
        a_session_that_hangs_is_named_as_such;
    shortage:
        without_descriptors_the_workers_there_are_go_on
        without_descriptors_a_login_fails_and_the_supervisor_goes_on
        with_two_descriptors_a_worker_is_started
        a_login_that_cannot_be_deferred_is_to_come_again
        no_more_processes;
    process_state:
        what_a_module_changes_does_not_meet_the_next_login
        a_login_in_the_queue_meets_no_worker_that_is_leaving
        a_worker_that_is_stopped_after_its_login_is_not_waited_for
        closed_descriptors_cost_the_module_its_own_login
        after_any_change_the_next_login_gets_another_process
        one_filter_more_is_a_change
        changed_code_outlives_an_idle_time
        what_is_no_change_keeps_the_process;
    ordinary_modules:
        they_keep_their_worker;
    leftovers:
        a_child_that_comes_back_out_of_a_module_speaks_for_nobody
        a_child_that_reports_success_opens_nothing
        a_crash_takes_the_modules_children_along
        closing_takes_the_modules_children_along
        a_daemon_of_a_module_ends_with_its_worker
        a_daemon_of_a_module_ends_with_the_time_limit
        a_daemon_has_time_to_leave
        a_daemon_that_ignores_sigterm_is_killed_and_its_children_are
        a_crowd_ends_and_nobody_waits_for_it
        a_process_that_goes_on_as_its_own_child_ends_and_nobody_waits_for_it
        a_crash_is_a_temporary_failure_and_an_exit_is_a_refusal
        a_worker_that_is_killed_from_outside_is_a_temporary_failure;
    hostile_front:
        packets_that_are_no_requests_end_the_supervisor
        any_descriptor_ends_the_supervisor
        a_front_that_reads_no_verdicts_is_not_heard_either
        attempts_that_are_cancelled_fill_no_memory
        a_flood_of_attempts_that_cost_nothing_is_counted_only
        malformed_credentials_cost_the_attempt_only
        a_packet_without_a_generation_ends_the_supervisor
        the_keeper_reads_nothing
        sessions_of_nobody_are_not_opened
        an_honest_raw_attempt_is_served;
    hostile_module:
        rubbish_on_the_channel_costs_the_worker
        a_flood_of_notes_costs_the_worker_and_nobody_else
        a_chatty_module_is_cut_short
        what_a_module_says_is_text_wherever_it_ends
        a_megabyte_is_asked_as_far_as_there_is_room
        a_module_that_asks_without_end_is_killed
        what_says_nothing_fills_no_memory
        a_worker_that_is_stopped_while_it_waits_holds_up_nobody
        a_keeper_that_is_stopped_for_a_while_is_late_only;
    output:
        a_line_without_an_end_is_logged_with_its_login
        control_bytes_are_escaped
        a_megabyte_is_bounded;
    questions:
        questions_are_asked_one_after_the_other
        the_questions_of_one_call_are_asked_one_by_one
        a_question_has_an_audit_line_of_its_own
        more_than_sixteen_questions_are_not_asked
        an_answer_that_fits_no_question_is_refused
        a_wrong_answer_ends_the_transaction
        answers_have_a_grace_of_their_own
        another_worker_is_started_for_one_that_waits
        refusals_of_answers_take_their_time
        a_question_holds_no_worker
        a_question_that_nobody_answers_is_given_up
        closing_ends_the_transactions_that_wait
        closing_leaves_time_for_the_end_of_what_waits
        abandoned_questions_are_bounded
        a_third_question_of_a_user_gives_up_the_first
        a_client_that_comes_again_is_asked_the_same
        a_worker_that_dies_while_it_waits_costs_its_question_only
        a_supervisor_that_dies_takes_the_questions_along
        nothing_is_asked_unless_the_administrator_wants_it
        wrong_answers_slow_their_source_down_and_questions_do_not
        nothing_that_is_typed_is_logged
        a_flood_of_answers_does_not_fill_the_memory
        a_pair_may_ask;
    session_limits:
        a_user_has_only_so_many
        there_are_only_so_many
        a_login_that_cannot_connect_is_refused_and_told_why
        where_openvpn_may_make_room_nobody_is_refused_at_the_login
        the_reason_is_told_to_nobody_without_reasons;
    client_options:
        without_a_worker_the_client_is_refused
        without_a_supervisor_the_client_is_refused
        a_client_is_deferred_until_they_are_there
        without_a_deferred_file_openvpn_stands_still
        the_name_that_pam_has_let_in_is_the_clients
        a_name_that_openvpn_cannot_take_refuses_the_client
        only_a_name_that_pam_has_let_in_counts
        several_names_refuse_the_client
        options_that_nobody_reads_fill_no_memory
        a_name_that_the_rule_would_change_again_is_not_openvpns
        the_rule_for_names_holds_for_tokens_too
        a_certificate_gets_the_options_of_its_common_name;
    sessions:
        opened_and_closed_with_what_is_known
        a_client_is_deferred_until_it_is_open
        without_a_deferred_file_openvpn_stands_still
        who_does_not_connect_is_forgotten
        what_does_not_work_is_said
        one_that_cannot_be_opened_refuses_the_client
        one_that_takes_too_long_to_open_refuses_the_client
        one_that_hangs_at_its_end_is_ended
        a_client_that_goes_without_a_word_leaves_nothing
        a_client_that_goes_meanwhile_has_its_session_closed
        a_renegotiation_opens_none
        who_comes_without_a_login_has_none
        two_clients_of_one_user_have_two
        a_session_does_not_count_as_a_worker
        a_worker_that_is_killed_is_said
        all_are_closed_when_the_plugin_is
        what_hangs_does_not_keep_the_plugin_from_closing
        when_the_supervisor_is_killed_that_is_said;
    session_attacks:
        who_was_asked_and_comes_again_has_a_session
        who_is_asked_at_a_renegotiation_and_comes_again_has_a_session
        a_client_that_goes_while_pam_decides_holds_no_worker
        a_child_of_a_module_that_comes_back_out_of_a_session_does_nothing
        a_child_that_comes_back_out_of_an_account_check_does_nothing
        a_renegotiation_without_a_session_keeps_no_worker
        who_does_not_connect_leaves_others_room
        what_is_being_closed_leaves_others_room
        sessions_are_counted_by_whom_pam_has_checked
        requests_in_any_order_open_and_close_once
        a_module_that_misbehaves_in_a_session_costs_that_only
        what_a_session_leaves_running_ends_with_it
        after_rubbish_no_session_is_opened
        whenever_a_client_goes_what_was_opened_is_closed
        a_login_that_is_refused_takes_no_session_away
        a_login_that_is_refused_later_takes_no_session_away;
    passwordless:
        a_good_token_has_the_account_looked_at_only
        other_tokens_are_refused_without_pam
        in_a_session_its_worker_looks
        a_module_that_hangs_refuses_and_the_session_stays
        a_module_that_never_comes_back_costs_the_session
        if_the_worker_dies_another_one_looks
        if_the_worker_dies_and_the_client_is_gone_nobody_looks
        an_empty_password_joins_no_token
        penalties_hold_no_token_up
        guesses_of_the_same_username_hold_no_token_up
        a_token_that_waits_is_not_put_off
        tokens_go_before_passwords_of_the_same_source
        forged_tokens_slow_their_source_down
        a_prompt_of_an_account_line_gets_no_answer
        with_pairs_the_user_is_whom_they_name
        a_certificate_lets_members_in
        who_is_renamed_by_an_account_line_is_a_member_too
        nothing_is_stripped_of_a_certificates_name
        without_the_group_nobody_is_let_in
        a_certificate_is_taken_only_where_that_is_wanted
        a_session_is_opened_for_a_certificate_only
        a_session_is_looked_at_with_the_lines_of_its_login
        renegotiations_fill_no_memory;
    expired:
        a_new_password_is_chosen
        what_a_module_does_not_take_is_asked_again
        five_tries_are_all
        other_failures_are_final
        without_a_question_there_is_no_second_try
        sixteen_questions_are_all_of_them_too
        after_the_change_the_account_phase_decides
        nobody_chooses_the_password_of_another_user
        what_a_client_may_have_cut_is_asked_again
        a_new_password_is_asked_for_by_a_dynamic_challenge_only
        an_answer_given_in_advance_is_no_new_password
        the_last_answer_is_the_password_from_then_on
        an_empty_answer_is_no_password
        a_last_answer_that_was_typed_once_is_none
        nothing_is_changed_unless_the_administrator_wants_it;
    pending_questions:
        a_question_that_is_known_is_asked_at_once
        a_further_question_makes_the_client_come_again
        who_cannot_be_asked_at_once_comes_again
        a_question_can_be_asked_before_pam_does
        an_early_answer_is_refused_as_late_as_any
        an_answer_that_is_none_refuses_the_login
        an_answer_belongs_to_its_client
        a_client_that_goes_takes_its_question_along
        who_is_being_asked_learns_when_the_question_is_no_more
        a_lost_supervisor_refuses_who_is_being_asked;
    shared_questions:
        who_comes_back_keeps_the_question
        it_ends_with_the_last_client_that_was_asked
        all_who_are_being_asked_learn_when_it_is_no_more
        who_has_joined_is_asked_too_and_keeps_the_question
        a_flood_of_repeated_questions_is_counted_only
        a_deferred_question_does_not_tell_how_long_pam_took
        clients_that_never_answer_do_not_stop_the_server
        of_answers_that_come_together_one_counts;
    another_user:
        can_neither_signal_helpers_nor_look_into_them;
    pages:
        a_client_that_can_opens_the_page
        other_clients_read_where_it_is
        without_the_option_nobody_opens_a_page;
    credentials:
        up_to_4096_bytes_are_taken_and_more_refused
        rubbish_of_a_static_challenge_is_refused
        absent_credentials_are_refused
        a_username_cannot_imitate_another_line
        another_common_name_is_refused_if_it_must_be_the_username
        a_long_username_is_cut_in_the_log;
    files:
        a_control_file_that_cannot_be_opened_is_refused
        a_reason_file_that_cannot_be_opened_is_left_alone
        a_control_file_that_is_in_use_is_refused;
    standard_descriptors:
        any_of_the_standard_three_may_be_closed;
    system_log:
        the_supervisor_keeps_no_socket_of_openvpns
        what_modules_log_keeps_their_worker
        a_user_whom_a_module_renames_is_refused_unless_that_is_allowed
        a_long_username_leaves_the_audit_line_whole
        a_flood_of_refusals_is_bounded
        a_thousand_refusals_have_a_line_each
        what_nobody_could_check_is_not_decided
        a_prompt_that_the_plugin_line_has_no_answer_to_is_not_the_clients_fault
        a_source_that_only_crashes_modules_is_slowed_down_and_has_not_failed
        the_reference_is_the_same_wherever_it_stands
        one_that_is_started_anew_misses_nothing_and_one_that_is_away_knows_how_many;
}
