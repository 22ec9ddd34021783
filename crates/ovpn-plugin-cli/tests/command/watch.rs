//! `status --watch` on a terminal: each answer is drawn over the one before, as much of it as fits.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;

use crate::run::COMMAND;
use crate::running_server::BUSY;
use harness::on_terminal::OnTerminal;

/// A server that was restarted once more each time it is asked.
fn restarting(listener: &UnixListener) {
    for count in 1.. {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let mut question = [0; 64];
        let length = stream.read(&mut question).unwrap();
        if &question[..length] != b"status\n" {
            return;
        }
        let answer = BUSY.replace("restarts 1\n", &format!("restarts {count}\n"));
        let _ = stream.write_all(format!("ok\n{answer}end\n").as_bytes());
    }
}

fn watched(before: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let server = std::thread::spawn(move || restarting(&listener));
    let line = format!("stty cols 120 rows 8; exec {before} {COMMAND} status --watch {}", socket.display());
    let mut terminal = OnTerminal::start(&line);
    terminal.wait_for("restarts: 1");
    terminal.wait_for("restarts: 2");
    terminal.type_in("\x03");
    let (status, shown) = terminal.finish();
    assert_eq!(status, Some(0), "{shown}");
    // So that the server ends.
    let mut last = std::os::unix::net::UnixStream::connect(&socket).unwrap();
    last.write_all(b"end\n").unwrap();
    server.join().unwrap();
    shown
}

#[test]
fn each_answer_is_drawn_over_the_one_before() {
    // The terminal shows the key that ends it wherever the output is by then.
    let shown = watched("env TERM=xterm").replace("^C", "");
    let frames: Vec<&str> = shown.split("\x1b[H").skip(1).collect();
    assert!(frames.len() >= 2, "{shown:?}");
    for frame in &frames {
        let (lines, _) =
            frame.split_once("\x1b[J").unwrap_or_else(|| panic!("what is below stays: {frame:?}"));
        assert_eq!(lines.lines().count(), 7, "{frame:?}");
        assert!(lines.lines().all(|line| line.ends_with("\x1b[K")), "what is beside stays: {frame:?}");
    }
}

/// One that knows no way to go back.
#[test]
fn a_dumb_terminal_gets_one_after_the_other() {
    let shown = watched("env TERM=dumb");
    assert!(!shown.contains('\x1b'), "{shown:?}");
}
