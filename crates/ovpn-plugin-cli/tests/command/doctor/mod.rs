//! The doctor: the same good set-up with one thing broken each, and exactly its finding.

mod c_plugins;
mod documents;
mod good_setup;
mod mistakes;
mod output;
mod own_plugins;
mod secrets;
mod systemd;
mod units;

use good_setup::{GoodSetup, findings};

/// What is expected: severity, where (the end of the path and the line), and the name of the finding.
pub(crate) struct Expected(&'static str, &'static str, &'static str);

/// Breaks a set-up and looks for exactly this.
#[track_caller]
pub(crate) fn case(name: &str, expected: Expected, break_it: impl FnOnce(&mut GoodSetup)) {
    let mut setup = GoodSetup::new();
    break_it(&mut setup);
    let run = setup.examine();
    let found = findings(&run);
    let Expected(severity, place, id) = expected;
    let [(found_severity, found_place, found_id)] = &found[..] else {
        panic!("{name}: not exactly one finding but {found:?}\n{run}")
    };
    assert_eq!((found_severity.as_str(), found_id.as_str()), (severity, id), "{name}: {run}");
    assert!(found_place.ends_with(place), "{name}: {found_place} is not {place}\n{run}");
    let status = match severity {
        "error" => 2,
        "warning" => 1,
        _ => 0,
    };
    assert_eq!(run.status, Some(status), "{name}: {run}");
    for what in ["why", "to do"] {
        assert!(run.out.lines().any(|line| line.starts_with(what) && line.len() > 12), "{name}: {run}");
    }
}

#[test]
fn nothing_is_found_in_a_good_set_up() {
    let run = GoodSetup::new().examine();
    assert_eq!(findings(&run), []);
    run.expect(0, &[("result", "nothing found")]);
    assert!(run.err.is_empty(), "{run}");
}

#[test]
fn all_that_is_wrong_is_told_the_worst_first() {
    let mut setup = GoodSetup::new();
    setup.without("group");
    setup.with_auth_pam("deferred=no", "nowhere");
    let run = setup.examine();
    let found: Vec<_> = findings(&run).into_iter().map(|(severity, _, id)| (severity, id)).collect();
    let expected =
        [("error", "pam-service-missing"), ("warning", "not-deferred"), ("warning", "roots-group")];
    assert_eq!(found, expected.map(|(severity, id)| (severity.to_owned(), id.to_owned())));
    run.expect(2, &[("result", "1 error, 2 warnings"), ("to do", "Create ")]);
}

#[test]
fn a_configuration_that_is_not_there() {
    let run = crate::run::run(&["doctor", "/nonexistent/server.conf"]);
    run.expect(2, &[("error", "[configuration-line]"), ("error", "No such file")]);
}
