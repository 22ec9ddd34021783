//! Username and password asked for on a terminal: `script` makes one.

use harness::on_terminal::OnTerminal;

use crate::run::{COMMAND, Mistakes};

#[test]
fn the_password_is_not_echoed() {
    let mistakes = Mistakes::new();
    let mut terminal = OnTerminal::start(&format!("exec {COMMAND} login {}", mistakes.file().display()));
    terminal.wait_for("Username: ");
    terminal.type_in("joe\n");
    terminal.wait_for("Password: ");
    terminal.type_in("secret99\n");
    let (status, shown) = terminal.finish();
    assert!(shown.contains("joe") && shown.contains("accepted"), "{shown}");
    assert!(!shown.contains("secret99"), "{shown}");
    assert_eq!(status, Some(0));
}

#[test]
fn ctrl_c_ends_it_with_the_echo_back_on() {
    let mistakes = Mistakes::new();
    let words = format!(
        "trap : INT; {COMMAND} login -u joe {}; echo status $?; stty -a; echo end",
        mistakes.file().display()
    );
    let mut terminal = OnTerminal::start(&words);
    terminal.wait_for("Password: ");
    terminal.type_in("\x03");
    terminal.wait_for("end\r\n");
    let (_, shown) = terminal.finish();
    assert!(shown.contains(" echo ") && shown.contains("status 3") && !shown.contains("result"), "{shown}");
}

#[test]
fn ctrl_c_ends_a_login_that_hangs() {
    let mistakes = Mistakes::new();
    let words = format!("exec {COMMAND} login -u joe -p /dev/null {} hang", mistakes.file().display());
    let mut terminal = OnTerminal::start(&words);
    terminal.wait_for("open ");
    terminal.type_in("\x03");
    let (status, shown) = terminal.finish();
    assert!(shown.contains("interrupted by SIGINT"), "{shown}");
    assert_eq!(status, Some(3));
}

/// What a plugin does because somebody interrupts it says nothing about it.
#[test]
fn ctrl_c_is_no_fault_of_the_plugin() {
    let mistakes = Mistakes::new();
    for what in ["leave-when-interrupted", "refuse-when-interrupted"] {
        let words = format!("exec {COMMAND} login -u joe -p /dev/null {} {what}", mistakes.file().display());
        let mut terminal = OnTerminal::start(&words);
        terminal.wait_for("waiting");
        terminal.type_in("\x03");
        let (status, shown) = terminal.finish();
        assert!(shown.contains("not decided: interrupted by SIGINT"), "{shown}");
        assert!(!shown.contains("ended its process") && !shown.contains("rejected"), "{shown}");
        assert_eq!(status, Some(3));
    }
}

/// Colour on a terminal, unless the user wants none; and lines no wider than it is.
#[test]
fn colour_and_width() {
    let mistakes = Mistakes::new();
    let line = format!("{COMMAND} login -u joe -p /dev/null {} refuse", mistakes.file().display());
    for (before, colour) in [
        ("env -u NO_COLOR TERM=xterm", true),
        ("env NO_COLOR= TERM=xterm", true),
        ("env NO_COLOR=1 TERM=xterm", false),
        ("env -u NO_COLOR TERM=dumb", false),
    ] {
        let terminal = OnTerminal::start(&format!("stty cols 50 rows 20; exec {before} {line}"));
        let (_, shown) = terminal.finish();
        assert_eq!(shown.contains("\x1b["), colour, "{before}: {shown}");
        if !colour {
            assert!(
                shown.lines().count() > 5 && shown.lines().all(|line| line.trim_end().len() <= 50),
                "{shown}"
            );
            assert!(!shown.contains("\x1b"), "{shown}");
        }
    }
}

/// Hidden if the plugin says so, then shown.
#[test]
fn questions_are_put_on_the_terminal() {
    let mistakes = Mistakes::new();
    let words = format!("exec {COMMAND} login -u joe {} rounds", mistakes.file().display());
    let mut terminal = OnTerminal::start(&words);
    terminal.wait_for("Password: ");
    terminal.type_in("secret99\n");
    terminal.wait_for("Answer: ");
    assert!(terminal.shown.contains("question First?"), "{}", terminal.shown);
    terminal.type_in("first99\n");
    terminal.wait_for_another("Answer: ");
    assert!(terminal.shown.contains("question Second?"), "{}", terminal.shown);
    terminal.type_in("second\n");
    let (status, shown) = terminal.finish();
    assert_eq!(status, Some(0), "{shown}");
    assert!(!shown.contains("first99") && shown.contains("Answer: second"), "{shown}");
}

#[test]
fn a_question_that_is_not_answered() {
    let mistakes = Mistakes::new();
    let words = format!("exec {COMMAND} login -u joe -p /dev/null {} challenge", mistakes.file().display());
    // The end of the input, and a signal.
    for (typed, status, said) in [("\x04", 4, "nothing was typed"), ("\x03", 3, "interrupted by SIGINT")] {
        let mut terminal = OnTerminal::start(&words);
        terminal.wait_for("Answer: ");
        terminal.type_in(typed);
        let (ended, shown) = terminal.finish();
        assert!(shown.contains(said), "{shown}");
        assert_eq!(ended, Some(status), "{shown}");
    }
}
