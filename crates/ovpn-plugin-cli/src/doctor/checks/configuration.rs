//! Lines that OpenVPN does not take.

use crate::doctor::finding::Finding;
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
    faults.chain(removed).collect()
}
