//! A password that has expired: the prompts of the password phase are questions of their own kind.

use ovpn_plugin_host::{Login, LoginOutcome};

use super::pending_questions;
use super::questions::{Asked, NO_QUESTION, answer, ask, asked, both};
use crate::stage::{Stage, deferred, rejected, user, user_with};

const NEW: &str = "New password:";
const RETYPE: &str = "Retype new password:";
const NOT_TAKEN: &str = "The new password was not accepted. New password:";

fn stage(options: &[&str]) -> Stage {
    Stage::open_with(&[("verb", "4")], &[&["change-expired=yes", "refusal-time=0"], options].concat())
}

/// Refused, and who had the right password knows why.
fn learns_that_it_expired(outcome: &LoginOutcome) {
    let reason = outcome.reason.as_deref().unwrap_or_default();
    let told = reason.starts_with("your password has expired and has to be changed first (reference ");
    assert!(rejected(outcome) && told, "{outcome}");
}

/// Answers one question after the other; the texts of the questions, and what came of the last answer.
fn dialogue(stage: &Stage, login: &Login, answers: &[&str]) -> (Vec<String>, LoginOutcome) {
    let mut texts = Vec::new();
    let mut outcome = stage.login(login);
    for text in answers {
        let question = asked(stage, &outcome);
        assert_eq!(question.flags, "R");
        texts.push(question.text);
        outcome = stage.login(&answer(login, &question.id, text));
    }
    (texts, outcome)
}

/// The prompt for the password until now gets that.
pub(crate) fn a_new_password_is_chosen() {
    let stage = stage(&[]);
    for login in both(user("expired-x")) {
        let (texts, outcome) = dialogue(&stage, &login, &["new", "new"]);
        assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
        assert_eq!(texts, [NEW, RETYPE]);
        stage.line("user 'expired-x': the password had expired, and was changed");
        stage.line("prompt '(current) password: ' (Hidden input) answered");
        assert!(!stage.log().contains("failed to authenticate"), "{}", stage.log());
        // A user with the wrong password learns nothing.
        let wrong = login.clone().env("password", "y");
        assert_eq!(stage.refuses(&wrong, "Authentication failure").reason, None);
        stage.plugin.clear_log();
    }
}

pub(crate) fn what_a_module_does_not_take_is_asked_again() {
    let stage = stage(&[]);
    for login in both(user("expired-x")) {
        let answers = ["weak", "weak", "new", "other", "busy", "busy", "new", "new"];
        let (texts, outcome) = dialogue(&stage, &login, &answers);
        assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
        let mut expected = [NOT_TAKEN, RETYPE].repeat(4);
        expected[0] = NEW;
        assert_eq!(texts, expected);
    }
}

pub(crate) fn five_tries_are_all() {
    let stage = stage(&[]);
    let (_, outcome) = dialogue(&stage, &user("expired-x"), &["weak"; 10]);
    learns_that_it_expired(&outcome);
    let line = stage.line("failed to authenticate");
    let why = "(password expired, and it was not changed: Authentication token manipulation error)";
    assert!(line.contains(why), "{line}");
}

pub(crate) fn other_failures_are_final() {
    let stage = stage(&[]);
    for login in both(user("expired-forbidden")) {
        stage.plugin.clear_log();
        let (_, outcome) = dialogue(&stage, &login, &["new", "new"]);
        learns_that_it_expired(&outcome);
        let line = stage.line("failed to authenticate");
        assert!(line.contains("new one required (password expired, and it was not changed: "), "{line}");
    }
}

pub(crate) fn without_a_question_there_is_no_second_try() {
    let stage = stage(&[]);
    stage.refuses(&user("expired-deny"), "password expired, and it was not changed");
    stage.line("printed by a PAM module: changing");
    assert_eq!(stage.log().matches("printed by a PAM module: changing").count(), 1, "{}", stage.log());
}

pub(crate) fn sixteen_questions_are_all_of_them_too() {
    let stage = Stage::open(&["change-expired=yes", "refusal-time=0"]);
    let login = user("expired-many");
    let mut outcome = stage.login(&login);
    for number in 1..=16 {
        let question = asked(&stage, &outcome);
        outcome = stage.login(&answer(&login, &question.id, &format!("answer {number}")));
    }
    learns_that_it_expired(&outcome);
    stage.line("the PAM service asks more than 16 questions");
}

pub(crate) fn after_the_change_the_account_phase_decides() {
    let stage = stage(&[]);
    let (_, outcome) = dialogue(&stage, &user("expired-still"), &["new", "new"]);
    learns_that_it_expired(&outcome);
    let line = stage.line("failed to authenticate");
    assert!(line.contains("(password expired, although it was just changed)"), "{line}");
}

/// A module has put another name in the place of the one that asked.
pub(crate) fn nobody_chooses_the_password_of_another_user() {
    let login = user_with("rename", "expired-x");
    let strict = stage(&[]);
    let outcome = strict.refuses(&login, "accepted another user than the one who logs in");
    assert_eq!(outcome.reason, None);
    assert!(!strict.log().contains("printed by a PAM module: changing"), "{}", strict.log());
    drop(strict);
    let mapping = stage(&["allow-user-mapping=yes"]);
    ask(&mapping, &login);
}

pub(crate) fn what_a_client_may_have_cut_is_asked_again() {
    let stage = stage(&[]);
    let (cut, good) = ("n".repeat(87), "n".repeat(86));
    let login = user("expired-x");
    let (texts, outcome) = dialogue(&stage, &login, &[&cut, &good, &good]);
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    let again = "That is too long for this client: take less than 87 bytes. New password:";
    assert_eq!(texts, [NEW, again, RETYPE]);
}

/// OpenVPN logs answers that come in another way.
pub(crate) fn a_new_password_is_asked_for_by_a_dynamic_challenge_only() {
    let stage = stage(&["challenge=yes", "question-wait=1000", "grace=0"]);
    let login = pending_questions::crtext(user("expired-x"));
    let client = stage.plugin.client();
    let outcome = pending_questions::start(&client, &login).finish(crate::stage::PATIENCE);
    assert!(outcome.pending.is_none(), "{outcome}");
    assert_eq!(asked(&stage, &outcome).text, NEW);
}

/// It was given for something else, and it was logged.
pub(crate) fn an_answer_given_in_advance_is_no_new_password() {
    let stage = stage(&["challenge=Your code:", "grace=0"]);
    for early in [true, false] {
        let client = stage.plugin.client();
        let login = pending_questions::crtext(user("expired-x"));
        let running = pending_questions::start(&client, &login);
        assert!(running.files.pending_text().is_some(), "{}", stage.log());
        if early {
            pending_questions::answer(&client, "123456");
        }
        let outcome = running.finish(crate::stage::PATIENCE);
        let question = asked(&stage, &outcome);
        assert_eq!(question.text, NEW, "{}", stage.log());
    }
}

fn change(stage: &Stage, login: &Login, last: &str) -> (Asked, LoginOutcome) {
    let first = ask(stage, login);
    let second = ask(stage, &answer(login, &first.id, "x"));
    let outcome = stage.login(&answer(login, &second.id, last));
    (second, outcome)
}

/// The client has it in place of the password. It is checked like one, and belongs to its user.
pub(crate) fn the_last_answer_is_the_password_from_then_on() {
    let stage = stage(&[]);
    let login = user("expired-x").env("common_name", "laptop");
    let (last, outcome) = change(&stage, &login, "x");
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    // PAM takes it for the password, and here the password has expired in each transaction.
    for login in both(login.clone()) {
        assert_eq!(ask(&stage, &answer(&login, &last.id, "x")).text, NEW);
        stage.refuses(&answer(&login, &last.id, "y"), "Authentication failure");
    }
    for foreign in [user("expired-y").env("common_name", "laptop"), user("expired-x"), deferred(user("good"))]
    {
        stage.refuses(&answer(&foreign, &last.id, "x"), NO_QUESTION);
    }
}

/// The last answer is a password, and the same as for passwords holds for it: directories take an empty one for a login of
/// nobody, and succeed.
pub(crate) fn an_empty_answer_is_no_password() {
    let stage = stage(&[]);
    let login = user("expired-x");
    let (last, outcome) = change(&stage, &login, "x");
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    for login in both(login) {
        stage.refuses(&answer(&login, &last.id, ""), "the password is empty (see empty-passwords)");
        assert!(!stage.log().contains("Authentication failure"), "{}", stage.log());
    }
}

/// It may have been anything.
pub(crate) fn a_last_answer_that_was_typed_once_is_none() {
    let stage = stage(&["challenge=yes"]);
    let login = user("ask-x");
    let question = ask(&stage, &login);
    assert!(stage.login(&answer(&login, &question.id, "answer 1")).accepted());
    stage.refuses(&answer(&login, &question.id, "answer 1"), NO_QUESTION);
    // The last one that was not taken is none either.
    let login = user("expired-forbidden");
    let (last, outcome) = change(&stage, &login, "x");
    assert!(rejected(&outcome), "{outcome}");
    stage.line("failed to authenticate: Authentication token");
    stage.refuses(&answer(&login, &last.id, "x"), NO_QUESTION);
}

pub(crate) fn nothing_is_changed_unless_the_administrator_wants_it() {
    let stage = Stage::open(&["challenge=yes", "refusal-time=0"]);
    let why = "new one required (password expired; with change-expired=yes the user can choose a new one)";
    learns_that_it_expired(&stage.refuses(&user("expired-x"), why));
    assert!(!stage.log().contains("printed by a PAM module: changing"), "{}", stage.log());
}
