//! Lines that OpenVPN does not take.

use openvpn_config::Place;

use crate::doctor::finding::{Finding, Where};
use crate::doctor::setup::Setup;

/// Options of OpenVPN 2.3 and older that stand in many how-tos, and what to write today.
const REMOVED: [(&str, &str); 2] =
    [("client-cert-not-required", "verify-client-cert none"), ("tls-remote", "verify-x509-name NAME name")];

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let faults = setup.faults.iter().map(|(place, fault)| {
        let found = Finding::error("configuration-line", format!("OpenVPN cannot read this: {fault}"))
            .why("OpenVPN does not start.")
            .todo("Correct the line, or the file it names.");
        match place {
            Some(place) => found.at(place),
            None => found,
        }
    });
    let removed = setup.options.iter().filter_map(|given| {
        let (name, instead) = REMOVED.iter().find(|(name, _)| given.name == *name)?;
        Some(
            Finding::error("removed-option", format!("the option {name} does not exist any more"))
                .at(&given.place)
                .why("OpenVPN does not start.")
                .todo(format!("Write: {instead}")),
        )
    });
    faults.chain(removed).chain(nothing(setup)).collect()
}

/// Somebody who looks for a fault may have named the wrong file.
fn nothing(setup: &Setup) -> Option<Finding> {
    let is_read = setup.faults.is_empty();
    (is_read && setup.plugins.is_empty()).then(|| {
        let found = Finding::note("no-plugins", "the configuration opens no plugin")
            .why("There was little to check. If a plugin should check passwords, OpenVPN does not load it.")
            .todo("Make sure that the server reads this file, and that the plugin line is not a comment.");
        Finding {
            place: setup.config.as_deref().map(|file| Where::Line(Place { file: file.into(), line: 0 })),
            ..found
        }
    })
}
