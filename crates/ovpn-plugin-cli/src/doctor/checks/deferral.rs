//! Whether logins wait without holding up others, and whether one plugin only does that.

use crate::doctor::finding::Finding;
use crate::doctor::setup::{Kind, PluginLine, Setup};

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let deferring: Vec<&PluginLine> = setup.plugins.iter().filter(|line| setup.defers(line)).collect();
    if let [first, .., second] = &deferring[..] {
        return vec![two(setup, first, second)];
    }
    // Another plugin may defer; then nobody else may.
    let alone = setup.plugins.iter().all(|line| line.kind != Kind::Other);
    let direct = setup.pam_lines().map(|(line, _)| line).find(|line| !setup.defers(line));
    direct.filter(|_| alone && deferring.is_empty()).map(not_deferred).into_iter().collect()
}

fn two(setup: &Setup, first: &PluginLine, second: &PluginLine) -> Finding {
    let todo = if setup.variable("deferred_auth_pam").is_some() {
        "Make one PAM service of both; or remove `setenv deferred_auth_pam`, and write deferred=yes in one line."
    } else {
        "Make one PAM service of both, or remove deferred=yes from one line."
    };
    Finding::error("two-defer", "two plugin lines defer logins")
        .at(&second.place)
        .why(format!(
            "OpenVPN exits when two plugins defer the same login. The other one is {}.",
            first.place
        ))
        .todo(todo)
}

fn not_deferred(line: &PluginLine) -> Finding {
    let todo = if line.kind == Kind::CAuthPam {
        "Write a line: setenv deferred_auth_pam 1".to_owned()
    } else {
        "Put deferred=yes before the name of the service.".to_owned()
    };
    Finding::warning("not-deferred", "logins are not deferred")
        .at(&line.place)
        .why("OpenVPN serves nobody while PAM decides a login: about two seconds for each wrong password with pam_unix.")
        .todo(todo)
}
