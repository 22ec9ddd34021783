//! `run` with plugins that are built already.

use std::path::PathBuf;

use harness::log::Mark;
use harness::on_terminal::OnTerminal;
use harness::plugin::example;
use harness::scratch::Scratch;
use nix::sys::signal::Signal;

use crate::started::{COMMAND, Started};

const JOE: [&str; 4] = ["--user", "joe", "--password", "secret"];

fn challenge() -> PathBuf {
    example("challenge")
}

/// Words before those of the plugin.
fn run(plugin: &str, options: &[&str], words: &[&str]) -> Started {
    Started::run(&example(plugin), &[&JOE, options, &["--"], words].concat())
}

#[test]
fn questions_are_answered_both_ways() {
    for options in [&["--crtext"][..], &[]] {
        let options = [options, &["--for", "0", "--answer", "123456"]].concat();
        let right = run("challenge", &options, &["joe", "secret", "123456"]);
        right.ends(
            0,
            &[
                "| the client is asked: Code from your telephone:",
                "| the client is in, after ",
                "| result: the client got in",
                // It says goodbye.
                "exit message received by peer",
            ],
        );
        let wrong = run("challenge", &options, &["joe", "secret", "654321"]);
        wrong.ends(1, &["| the client gets AUTH_FAILED", "| result: the login was rejected"]);
    }
}

/// The answer goes to the server with the password: the plugin need not ask.
#[test]
fn a_static_challenge_is_answered() {
    let options = ["--static-challenge", "Code, \"please\"", "--for", "0", "--answer"];
    for (answer, status, last) in [
        ("123456", 0, "| result: the client got in"),
        ("654321", 1, "| the client gets AUTH_FAILED: wrong code"),
    ] {
        let run = run("challenge", &[&options[..], &[answer]].concat(), &["joe", "secret", "123456"]);
        run.ends(status, &["| the client is asked: Code, \"please\"", last]);
        assert_eq!(run.log().count(Mark::START, "| the client is asked: "), 1, "{}", run.log().text());
    }
    let unanswered = run("challenge", &options[..2], &["joe", "secret", "123456"]);
    unanswered.ends(4, &["not decided, since nobody answered"]);
}

#[test]
fn a_question_without_an_answer() {
    let unanswered = run("challenge", &["--crtext", "--timeout", "2"], &["joe", "secret", "123456"]);
    unanswered.ends(
        4,
        &[
            "the client is asked: Code",
            "nobody answers: there is no terminal, and no --answer is left",
            "not decided within 2 s (--timeout)",
            "not decided, since nobody answered",
        ],
    );
    // The client comes again with the answer, so no verdict follows without one.
    let again = run("challenge", &[], &["joe", "secret", "123456"]);
    again.ends(4, &["the client is asked: Code", "not decided, since nobody answered"]);
}

/// The password is checked while the client is being asked.
#[test]
fn a_verdict_that_needs_no_answer() {
    let scratch = Scratch::new();
    let users = format!("users={}", scratch.write("users", "joe other 123456\n", 0o644).display());
    run("two-factors", &["--crtext"], &[&users]).ends(
        1,
        &[
            "the client is asked: Code:",
            "waiting for a verdict without it",
            "the client gets AUTH_FAILED: wrong name or password",
            "result: the login was rejected",
        ],
    );
}

#[test]
fn a_question_and_a_password_on_the_terminal() {
    let words = format!(
        "exec {COMMAND} run --plugin {} --crtext --for 0 --user joe -- joe secret 123456",
        challenge().display()
    );
    let mut terminal = OnTerminal::start(&words);
    terminal.wait_for("Password: ");
    terminal.type_in("secret\n");
    terminal.wait_for("Code from your telephone: ");
    terminal.type_in("123456\n");
    let (status, shown) = terminal.finish();
    assert_eq!(status, Some(0), "{shown}");
    let password = shown.split("Password: ").nth(1).unwrap_or_default();
    assert!(password.starts_with("\r\n"), "the password is shown: {shown}");
}

#[test]
fn colours_are_for_terminals_only() {
    let line = "--user joe --password secret --for 0 -- A 0 foo bar";
    let words = format!(
        "exec env -u NO_COLOR TERM=xterm {COMMAND} run --plugin {} {line}",
        example("deferred-auth").display()
    );
    let (_, shown) = OnTerminal::start(&words).finish();
    assert!(shown.contains("\x1b[36mserver "), "{shown}");
    let run = run("deferred-auth", &[], &["A", "0", "joe", "other"]);
    run.ends(1, &["server ", "client "]);
    assert_eq!(run.log().count(Mark::START, "\x1b"), 0);
}

#[test]
fn a_signal_disconnects_the_client() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let run = run("deferred-auth", &[], &["S", "0", "joe", "secret"]);
        run.says("| the client is in, after ");
        run.signal(signal);
        run.ends(0, &["Ctrl-C disconnects it", "| result: the client got in"]);
    }
}

#[test]
fn a_login_that_is_not_decided() {
    let words = ["H", "3600000", "joe", "secret"];
    let interrupted = run("deferred-auth", &[], &words);
    interrupted.says("PLUGIN_AUTH_USER_PASS_VERIFY status=2");
    interrupted.signal(Signal::SIGINT);
    interrupted.ends(3, &["| result: not decided"]);
    run("deferred-auth", &["--timeout", "2"], &words).ends(3, &["not decided within 2 s (--timeout)"]);
}

#[test]
fn a_plugin_that_does_not_open() {
    let run = run("challenge", &[], &["what"]);
    run.ends(
        2,
        &["PLUGIN_INIT", "cargo-ovpn-plugin: OpenVPN does not start; the last lines of the server say why"],
    );
}

#[test]
fn a_line_that_the_client_does_not_know() {
    run("simple", &["--client", "no-such-option"], &["joe", "secret"])
        .ends(2, &["the client does not start", "no-such-option"]);
}

#[test]
fn lines_and_the_openvpn_of_the_author() {
    let scratch = Scratch::new();
    let script = "#!/bin/sh\necho \"this one: $*\"\nexec openvpn \"$@\"\n";
    let openvpn = scratch.write("openvpn", script, 0o755).display().to_string();
    let options = [
        "--openvpn",
        &openvpn,
        "--for",
        "0",
        "--server",
        "push \"setenv-safe GIFT yes\"",
        "--client",
        "verb 5",
    ];
    let run = run("deferred-auth", &options, &["O", "0", "joe", "secret"]);
    run.ends(0, &["GIFT yes"]);
    // Both.
    assert_eq!(run.log().count(Mark::START, "this one: --config"), 2, "{}", run.log().text());
}

#[test]
fn without_a_terminal_a_name_is_needed() {
    Started::run(&challenge(), &[]).ends(2, &["there is no terminal to ask on", "use --user"]);
}
