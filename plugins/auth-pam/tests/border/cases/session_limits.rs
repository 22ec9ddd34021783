//! How many sessions there may be, of one user and of all, and when a client learns that there are too many.

use ovpn_plugin_host::{Call, FuncResult, Login, LoginOutcome, sys};

use super::sessions::{Site, disconnect};
use crate::stage::{PATIENCE, deferred, modern};

pub(crate) fn a_user_has_only_so_many() {
    let site = Site::new(&["max-sessions-per-user=2"]);
    let clients = [site.client("good"), site.client("good")];
    for client in &clients {
        assert!(site.connect(client, "good"));
    }
    let third = site.client("GOOD");
    assert!(!site.connect(&third, "GOOD"));
    site.stage.line("this user has too many sessions (see max-sessions-per-user)");
    let other = site.client("other");
    assert!(site.connect(&other, "other"));
    disconnect(&clients[0]);
    let fourth = site.client("good");
    assert!(site.connect(&fourth, "good"));
}

/// A client that finds no place learns that it should try again, before PAM is asked.
pub(crate) fn there_are_only_so_many() {
    let site = Site::new(&["max-sessions=2"]);
    let first = site.client("one");
    assert!(site.connect(&first, "one"));
    // As many again may have logged in and not have connected.
    let clients = ["two", "three"].map(|user| (site.client(user), user));
    let may = clients.each_ref().map(|(client, user)| site.connect(client, user));
    assert_eq!(may, [true, false]);
    let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY).env("username", "four").env("password", "x");
    assert_eq!(site.stage.plugin.client().call(&call).unwrap().result, FuncResult::Error);
    site.stage.line("user 'four' failed to authenticate: too many sessions are open (see max-sessions)");
    disconnect(&first);
    site.stage.line("user 'one': session closed");
    let client = site.client("five");
    assert!(site.connect(&client, "five"), "{}", site.stage.log());
}

/// A login of another client, as OpenVPN 2.6 passes it on.
fn log_in(site: &Site, user: &str, common_name: &str) -> LoginOutcome {
    let client = site.stage.plugin.client();
    let login = deferred(modern(user)).env("common_name", common_name);
    client.start_login(&login).unwrap().finish(PATIENCE)
}

fn learns_the_reason(outcome: &LoginOutcome) -> bool {
    let reason = outcome.reason.as_deref().unwrap_or_default();
    !outcome.accepted()
        && reason.starts_with("you already have as many connections as you may have (reference ")
}

/// Nobody's place can become free, so the client need not connect to learn it.
pub(crate) fn a_login_that_cannot_connect_is_refused_and_told_why() {
    let line =
        "user 'good' failed to authenticate: this user has too many sessions (see max-sessions-per-user)";
    for (lines, same_name_too) in [("duplicate-cn\n", true), ("port 1194\n", false)] {
        let site = Site::with(&[("config", lines)], &["max-sessions-per-user=1", "refusal-time=0"]);
        let first = site.stage.plugin.client();
        let login = Login::new("good", "x").env("common_name", "laptop");
        assert!(first.start_login(&login).unwrap().finish(PATIENCE).accepted(), "{}", site.stage.log());
        // A client that has not connected does not count.
        assert!(log_in(&site, "good", "tablet").accepted());
        assert!(site.connect(&first, "good"), "{}", site.stage.log());
        let outcome = log_in(&site, "GOOD", "tablet");
        assert!(learns_the_reason(&outcome), "{outcome}\n{}", site.stage.log());
        let outcome = log_in(&site, "good", "laptop");
        assert_eq!(learns_the_reason(&outcome), same_name_too, "{lines}: {outcome}\n{}", site.stage.log());
        if same_name_too {
            site.stage.line(line);
        }
        // Neither does it count for the penalties, nor for anybody else.
        for _ in 0..12 {
            assert!(learns_the_reason(&log_in(&site, "good", "tablet")));
        }
        assert!(log_in(&site, "other", "laptop").accepted(), "{}", site.stage.log());
        disconnect(&first);
        site.stage.line("user 'good': session closed");
        assert!(log_in(&site, "good", "tablet").accepted(), "{}", site.stage.log());
    }
}

/// OpenVPN may disconnect the older client, and whether it does stands in its configuration.
pub(crate) fn where_openvpn_may_make_room_nobody_is_refused_at_the_login() {
    let config: &[(&str, &str)] = &[("config", "username-as-common-name\n")];
    for files in [config, &[]] {
        let site = Site::with(files, &["max-sessions-per-user=1"]);
        let first = site.client("good");
        assert!(site.connect(&first, "good"));
        assert!(log_in(&site, "good", "tablet").accepted(), "{}", site.stage.log());
        // It has not.
        let second = site.client("good");
        assert!(!site.connect(&second, "good"));
    }
}

pub(crate) fn the_reason_is_told_to_nobody_without_reasons() {
    let options = ["max-sessions-per-user=1", "refusal-time=0", "reasons=none"];
    let site = Site::with(&[("config", "duplicate-cn\n")], &options);
    let first = site.client("good");
    assert!(site.connect(&first, "good"));
    let outcome = log_in(&site, "good", "tablet");
    assert!(!outcome.accepted() && outcome.reason.is_none(), "{outcome}");
}
