//! As whom OpenVPN goes on.

use crate::doctor::finding::Finding;
use crate::doctor::setup::Setup;

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    unknown(setup).into_iter().chain(roots_group(setup)).collect()
}

fn unknown(setup: &Setup) -> Vec<Finding> {
    let options = ["user", "group"].into_iter().filter_map(|name| setup.option(name));
    options
        .filter_map(|given| {
            let name = given.values.first().filter(|name| {
                setup.unknown_names.iter().any(|(option, unknown)| *option == given.name && unknown == *name)
            })?;
            Some(
                Finding::error("unknown-user", format!("this machine has no {} '{name}'", given.name))
                    .at(&given.place)
                    .why("OpenVPN does not start.")
                    .todo(if given.name == "group" {
                        "Write one that exists. The group without rights is nogroup on Debian and Ubuntu, nobody elsewhere."
                        .to_owned()
                    } else {
                        format!("Write one that exists, such as nobody. Or create it: useradd --system {name}")
                    }),
            )
        })
        .collect()
}

fn roots_group(setup: &Setup) -> Option<Finding> {
    let given = setup.option("user").filter(|_| setup.settings.keeps_roots_group())?;
    Some(
        Finding::warning("roots-group", "OpenVPN gives up the user root, but stays in root's group")
            .at(&given.place)
            .why("It can still read or change root's files that the group may read or change.")
            .todo("Add a line: group nogroup (Debian and Ubuntu), or group nobody (other systems)"),
    )
}
