//! `options=FILE`: what would not fit into a line of OpenVPN's stands in a file of its own.

use harness::scratch::{Scratch, set_mode};
use harness::{ServerConfig, log::Mark};
use nix::sys::signal::Signal;

use crate::stack::{PASSWORD, Stack, WRONG};

/// Options and service of a stack, one a line.
fn lines(stack: &Stack) -> String {
    stack.service.words().split(' ').map(|word| format!("{word}\n")).collect()
}

#[test]
fn everything_can_stand_there() {
    let stack = Stack::new();
    let place = Scratch::of_root();
    let pairs: String = (0..14).map(|number| format!("'name {number}' VALUE\n")).collect();
    let text = format!(
        "# the service\n{}\n# how\ndeferred=yes\ntimeout=20\nmax-workers=3\n\nlogin USERNAME\npassword PASSWORD\n{pairs}",
        lines(&stack)
    );
    let file = place.write("auth-pam.conf", &text, 0o600);
    let server = ServerConfig::auth_pam_words(&format!("options={}", file.display())).dropped().start();
    server.log().wait_for(Mark::START, "a deferred login may take 20 s", harness::PATIENCE);
    server.client("alice", PASSWORD).start().wait_connected();
    server.client("alice", WRONG).start().wait_refused();
}

#[test]
fn the_line_goes_before_the_file() {
    let stack = Stack::new();
    let place = Scratch::of_root();
    let file = place.write("auth-pam.conf", &format!("deferred=yes\ntimeout=20\n{}", lines(&stack)), 0o600);
    let words = format!("timeout=30 options={}", file.display());
    let server = ServerConfig::auth_pam_words(&words).start();
    server.log().wait_for(Mark::START, "a deferred login may take 30 s", harness::PATIENCE);
    server.client("alice", PASSWORD).start().wait_connected();
}

#[test]
fn sighup_reads_it_anew() {
    let (first, second) = (Stack::new(), Stack::with(&["alice:deny"]));
    let place = Scratch::of_root();
    let file = place.write("auth-pam.conf", &lines(&first), 0o600);
    let server = ServerConfig::auth_pam_words(&format!("options={}", file.display())).start();
    server.client("alice", PASSWORD).start().wait_connected();
    place.write("auth-pam.conf", &lines(&second), 0o600);
    server.restart(Signal::SIGHUP);
    server.client("alice", PASSWORD).start().wait_refused();
    server.client("bob", PASSWORD).start().wait_connected();
}

#[test]
fn one_that_cannot_be_used_keeps_openvpn_from_starting() {
    let place = Scratch::of_root();
    let file = place.write("auth-pam.conf", "vpn\n\ntimout=5\n", 0o600);
    let name = file.display().to_string();
    let refused = |words: &str, said: &str| {
        let log = ServerConfig::auth_pam_words(words).start_expecting_failure().log;
        let lines = log.text();
        assert!(
            lines.lines().any(|line| line.contains("AUTH-PAM") && line.contains(said)),
            "{said}:\n{lines}"
        );
    };
    let words = format!("options={name}");
    refused(&words, &format!("{name}:3: unknown option 'timout=5'; did you mean timeout=SECONDS?"));
    set_mode(&file, 0o602);
    refused(&words, &format!("{name} is writable by everybody; run 'chmod o-w {name}'"));
    refused(&format!("{words}.gone"), "auth-pam.conf.gone: No such file");
    refused("options=auth-pam.conf", "'auth-pam.conf' is not an absolute path");
}
