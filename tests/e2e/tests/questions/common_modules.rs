//! Modules that people use: RADIUS with Access-Challenge, one-time codes, expired passwords.

use harness::needs::Need;
use harness::requires;
use std::sync::Arc;

use harness::netns::NetNs;
use harness::radius::{Radius, Round};
use harness::scratch::Scratch;
use harness::{Account, PamService, Server, ServerConfig, command, side_by_side};

use crate::stage::{CODE, PASSWORD, WRONG};

const ROUNDS: [Round<'static>; 2] = [
    Round { question: "Code from your telephone:", answer: CODE, shown: false },
    Round { question: "Name of your first pet:", answer: "Rex the 2nd", shown: true },
];

fn server(lines: &str, options: &str, deferred: bool) -> (PamService, Server) {
    let service = PamService::new(lines);
    let config = ServerConfig::auth_pam_with(&format!("challenge=yes {options}"), &service, "");
    let server = config.dropped().deferred_if(deferred).start();
    (service, server)
}

#[test]
fn radius_that_asks_twice() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |deferred| {
        let netns = Arc::new(NetNs::new());
        let radius = Radius::asking(&netns, PASSWORD, &ROUNDS);
        let service = PamService::new(&(radius.auth_line() + "account required pam_permit.so\n"));
        let config = ServerConfig::auth_pam_with("challenge=yes", &service, "").in_netns(&netns);
        let server = config.dropped().deferred_if(deferred).start();
        let [first, second] = ROUNDS;
        let log_in =
            |password: &str, answers: &[&str]| server.person("alice", password).answers(answers).start();
        let alice = log_in(PASSWORD, &[first.answer, second.answer]);
        alice.connects();
        let asked: Vec<_> =
            alice.asked().into_iter().map(|question| (question.text, question.shown)).collect();
        let expected: Vec<_> = ROUNDS.iter().map(|round| (round.question.to_string(), round.shown)).collect();
        assert_eq!(asked, expected);
        log_in(PASSWORD, &[WRONG]).refused();
        log_in(PASSWORD, &[first.answer, WRONG]).refused();
        let alice = log_in(WRONG, &[first.answer, second.answer]);
        alice.refused();
        assert_eq!(alice.asked(), []);
    });
}

/// As the app shows it now, or so many steps of 30 s later.
fn totp(secret: &str, step: i64) -> String {
    let when = format!("now {} seconds", 30 * step);
    let output = command::run("oathtool", &["--totp", "--base32", "--now", &when, secret]);
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}

const TOTP_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const TOTP_SECRET_HEX: &str = "3132333435363738393031323334353637383930";

#[test]
fn google_authenticator_after_the_password() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let (account, scratch) = (Account::new(PASSWORD), Scratch::of_root());
    let options = "\" RATE_LIMIT 20 30\n\" WINDOW_SIZE 17\n\" TOTP_AUTH\n";
    let file = scratch.write("secret", &format!("{TOTP_SECRET}\n{options}"), 0o600);
    let lines = format!(
        "auth required pam_unix.so nodelay\n\
         auth required pam_google_authenticator.so secret={} user=root no_increment_hotp\n\
         account required pam_unix.so\n",
        file.display()
    );
    for (deferred, step) in [(false, 0), (true, 1)] {
        let (_service, server) = server(&lines, "", deferred);
        let alice = server.person(account.name(), PASSWORD).answers(&[&totp(TOTP_SECRET, step)]).start();
        alice.connects();
        assert_eq!(alice.asked()[0].text.trim_end(), "Verification code:");
        server.person(account.name(), PASSWORD).answers(&["000000"]).start().refused();
    }
}

#[test]
fn oath_after_the_password() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let (account, scratch) = (Account::new(PASSWORD), Scratch::of_root());
    let line = format!("HOTP/T30/6 {} - {TOTP_SECRET_HEX}\n", account.name());
    let file = scratch.write("users", &line, 0o600);
    let lines = format!(
        "auth required pam_unix.so nodelay\n\
         auth required pam_oath.so usersfile={} window=3\n\
         account required pam_unix.so\n",
        file.display()
    );
    for (deferred, step) in [(false, 0), (true, 1)] {
        let (_service, server) = server(&lines, "", deferred);
        let alice = server.person(account.name(), PASSWORD).answers(&[&totp(TOTP_SECRET, step)]).start();
        alice.connects();
        assert!(alice.asked()[0].text.starts_with("One-time password (OATH)"), "{:?}", alice.asked());
        server.person(account.name(), PASSWORD).answers(&["000000"]).start().refused();
    }
}
