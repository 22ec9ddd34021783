//! Plugins that ask the person at the client: by a rejection and while the login is pending, answered from the command
//! line, from a file, on a terminal, or not at all.

use harness::plugin;
use harness::scratch::Scratch;

use crate::run::{Mistakes, Run, run_with};

/// The exit status if nobody answers.
const UNANSWERED: i32 = 4;

/// A login of joe at the example plugin, which wants the code 123456.
fn challenge(options: &[&str]) -> Run {
    let file = plugin::example("challenge");
    let mut line = vec!["login", "--user", "joe", "--password-file", "-"];
    line.extend(options);
    line.extend([file.to_str().unwrap(), "joe", "secret99", "123456"]);
    run_with("secret99\n", &line)
}

#[test]
fn a_dynamic_challenge_is_answered() {
    let asked = ("question", "Code from your telephone:");
    challenge(&["--answer", "123456"]).expect(0, &[asked, ("result", "accepted")]);
    challenge(&["--answer", "654321"]).expect(1, &[asked, ("result", "rejected")]);
    challenge(&["--deferred", "--answer", "123456"]).expect(0, &[asked]);
}

#[test]
fn a_question_of_a_pending_login_is_answered() {
    let asked = ("question", "Code from your telephone:");
    let right = challenge(&["--crtext", "--answer", "123456"]);
    right.expect(
        0,
        &[("pending", "by crtext"), asked, ("reply", "to the answer: success"), ("verdict", "accepted")],
    );
    challenge(&["--crtext", "--answer", "654321"])
        .expect(1, &[asked, ("verdict", "rejected"), ("client", "wrong code")]);
}

#[test]
fn any_number_of_rounds() {
    let mistakes = Mistakes::new();
    let both = mistakes.login(&["--answer", "first99", "--answer", "second"], &["rounds"]);
    both.expect(0, &[("question", "First?"), ("question", "Second?"), ("result", "accepted")]);
    // It was typed where nobody sees it.
    assert!(!both.out.contains("first99"), "{both}");
    let place = Scratch::new();
    let file = place.write("answers", "first99\r\nsecond\n", 0o600);
    let file = file.to_str().unwrap();
    mistakes.login(&["--answers", file], &["rounds"]).expect(0, &[("result", "accepted")]);
    // Those of the command line come first.
    mistakes
        .login(&["--answers", file, "--answer", "other99"], &["rounds"])
        .expect(1, &[("client", "wrong answer"), ("note", "the last 2 of the answers were not used")]);
    let line = ["login", "-u", "joe", "--answers", "-", "-p"];
    let password = place.write("password", "secret99\n", 0o600);
    let built = mistakes.file();
    let rest = [password.to_str().unwrap(), built.to_str().unwrap(), "rounds"];
    run_with("first99\nsecond\n", &[&line[..], &rest].concat()).expect(0, &[("result", "accepted")]);
}

#[test]
fn without_an_answer_and_without_a_terminal() {
    let mistakes = Mistakes::new();
    let why =
        [("result", "asked a question and got no answer"), ("why", "no terminal"), ("to do", "--answer")];
    let unanswered = mistakes.login(&[], &["challenge"]);
    unanswered.expect(UNANSWERED, &[("client", "dynamic challenge"), ("question", "Code?")]);
    unanswered.expect(UNANSWERED, &why);
    mistakes.login(&["--answer", "first99"], &["rounds"]).expect(UNANSWERED, &[("question", "Second?")]);
    challenge(&["--crtext"]).expect(UNANSWERED, &why);
}

#[test]
fn a_text_that_wants_no_answer_is_a_refusal() {
    let mistakes = Mistakes::new();
    let run = mistakes.login(&["--answer", "x"], &["announce"]);
    run.expect(1, &[("client", "Read this"), ("result", "rejected")]);
    assert!(!run.says("question", ""), "{run}");
}

#[test]
fn answers_that_cannot_be_read() {
    let mistakes = Mistakes::new();
    let run = mistakes.login(&["--answers", "/nonexistent/answers"], &["rounds"]);
    assert_eq!(run.status, Some(2), "{run}");
    assert!(run.err.contains("cannot read the answers from"), "{run}");
}
