//! Credentials at and beyond their bounds, through the whole plugin.

use ovpn_plugin_host::Login;

use crate::stage::{Stage, deferred, user, user_with};

pub(crate) fn up_to_4096_bytes_are_taken_and_more_refused() {
    let stage = Stage::open(&[]);
    let (longest, longer) = ("x".repeat(4096), "x".repeat(4097));
    let outcome = stage.login(&user_with("good", &longest).env("common_name", &longest));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    // PAM's own words: it was asked.
    stage.refuses(&Login::new(&longest, &longest), "Authentication failure");
    for login in
        [user_with("good", &longer), user("good").env("common_name", &longer), Login::new(&longer, "x")]
    {
        for login in [login.clone(), deferred(login)] {
            stage.refuses(&login, "has 4097 bytes; at most 4096 are allowed");
        }
    }
    stage.works();
}

pub(crate) fn rubbish_of_a_static_challenge_is_refused() {
    let stage = Stage::open(&[]);
    for rubbish in
        ["SCRV1:", "SCRV1:hunter2", "SCRV1:hunter2:%%%", "SCRV1:aHVudGVyMg==:MTIz:NDU2", "SCRV1:AA==:AA=="]
    {
        stage.refuses(&user_with("good", rubbish), "malformed static challenge password (SCRV1)");
        let log = stage.log();
        assert!(!log.contains("hunter2") && !log.contains("aHVudGVyMg"), "the password is in the log: {log}");
    }
    assert!(stage.login(&user_with("good", "SCRV1:aHVudGVyMg==:MTIz")).accepted(), "{}", stage.log());
}

pub(crate) fn absent_credentials_are_refused() {
    let stage = Stage::open(&[]);
    for (login, words) in [
        (Login::without_credentials(), "OpenVPN passed no username"),
        (user("good").without_env("username"), "OpenVPN passed no username"),
        (user("good").without_env("password"), "OpenVPN passed no password"),
        (user("good").env("username", ""), "the username is empty"),
        (user_with("good", ""), "the password is empty (see empty-passwords)"),
        (user_with("good", "[[BLANK]]"), "the password is empty (see empty-passwords)"),
    ] {
        for login in [login.clone(), deferred(login)] {
            stage.refuses(&login, words);
        }
    }
    let stage = Stage::open(&["empty-passwords=yes"]);
    assert!(stage.login(&user_with("good", "")).accepted(), "then it is PAM's business");
}

/// Refused by PAM, by the front, deferred or not.
pub(crate) fn a_username_cannot_imitate_another_line() {
    let stage = Stage::open(&[]);
    let forger = "bob' authenticated, EXAMPLE\\bob";
    for login in [Login::new(forger, "x"), Login::new(forger, "")] {
        for login in [login.clone(), deferred(login)] {
            stage.refuses(&login, "user 'bob\\' authenticated, EXAMPLE\\\\bob' failed to authenticate: ");
            assert!(!stage.log().contains("'bob' authenticated"), "{}", stage.log());
        }
    }
}

pub(crate) fn another_common_name_is_refused_if_it_must_be_the_username() {
    let stage = Stage::open(&["require-cn=yes"]);
    for login in [user("good").env("common_name", "Good"), deferred(user("good").env("common_name", "other"))]
    {
        stage.refuses(&login, "of the client's certificate is not the username (see require-cn)");
    }
    stage.refuses(&user("good"), "the client has no certificate with a common name (see require-cn)");
    assert!(stage.login(&user("good").env("common_name", "good")).accepted(), "{}", stage.log());
}

/// OpenVPN cuts what a plugin logs: the words after the name must not fall off.
pub(crate) fn a_long_username_is_cut_in_the_log() {
    let stage = Stage::open(&[]);
    for byte in ["\\", "u", "\u{e9}"] {
        stage.refuses(&Login::new(byte.repeat(4096 / byte.len()), "x"), "Authentication failure");
        let line = stage.line("failed to authenticate");
        assert!(line.len() < 900, "{} bytes: {line}", line.len());
    }
}
