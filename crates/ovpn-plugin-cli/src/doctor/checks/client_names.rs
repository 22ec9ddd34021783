//! Which name a client has.

use crate::doctor::finding::Finding;
use crate::doctor::setup::Setup;
use crate::known_options::auth_pam;

/// What makes names differ, or lets clients have the same one.
const ENOUGH: [&str; 3] = ["username-as-common-name", "duplicate-cn", "override-username"];

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let without = setup
        .option("verify-client-cert")
        .filter(|given| given.values.first().is_some_and(|value| value == "none"));
    let by_plugin = setup
        .pam_lines()
        .any(|(_, pam)| pam.words.option(const { auth_pam("override-username") }) == Some("yes"));
    let named = by_plugin || ENOUGH.iter().any(|name| setup.option(name).is_some());
    let found = without.filter(|_| !named && !setup.plugins.is_empty()).map(|given| {
        Finding::warning("no-names", "clients have no names: there are neither certificates nor username-as-common-name")
            .at(&given.place)
            .why("All clients have the same name, so each new client disconnects the one before. OpenVPN finds no file in client-config-dir.")
            .todo("Add a line: username-as-common-name")
    });
    found.into_iter().collect()
}
