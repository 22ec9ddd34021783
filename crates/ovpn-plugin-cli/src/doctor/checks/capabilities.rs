//! What the unit takes away of root's capabilities.

use crate::doctor::finding::Finding;
use crate::doctor::setup::Setup;

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let Some(unit) = setup.unit.as_ref().filter(|unit| unit.user.is_none()) else { return Vec::new() };
    let has = |option: &str| setup.option(option).is_some();
    let checks_users = setup.pam_lines().next().is_some();
    let wanted = [
        (
            "cap_setuid",
            has("user"),
            "OpenVPN cannot become the user of its configuration, and does not start.",
        ),
        (
            "cap_setgid",
            has("user") || has("group"),
            "OpenVPN cannot take the group of its configuration, and does not start.",
        ),
        ("cap_sys_chroot", has("chroot"), "OpenVPN cannot enter its chroot, and does not start."),
        (
            "cap_dac_override",
            checks_users,
            "PAM modules cannot read what belongs to others: codes in files of the users, for instance.",
        ),
        (
            "cap_audit_write",
            checks_users,
            "The kernel refuses the audit records of logins: with some libraries each login then fails with \"System error\".",
        ),
    ];
    let missing = wanted.iter().filter(|(name, needed, _)| *needed && unit.lacks(name));
    missing
        .map(|(name, _, why)| {
            let name = name.to_uppercase();
            Finding::warning("capability", format!("the unit takes {name} away"))
                .in_unit(&unit.name)
                .why(*why)
                .todo(format!("Add to the unit, which adds to what is there: CapabilityBoundingSet={name}"))
        })
        .collect()
}
