//! What the unit takes away of root's capabilities.

use pam::Phase;

use crate::doctor::finding::Finding;
use crate::doctor::setup::Setup;

/// What modules need in these phases.
const OF_MODULES: [(&str, Phase, &str, &str); 6] = [
    (
        "pam_unix",
        Phase::Password,
        "cap_chown",
        "pam_unix cannot write /etc/shadow, so users cannot change an expired password.",
    ),
    (
        "pam_mkhomedir",
        Phase::Session,
        "cap_chown",
        "pam_mkhomedir cannot give a new home directory to its user.",
    ),
    (
        "pam_limits",
        Phase::Session,
        "cap_sys_resource",
        "pam_limits cannot raise limits, so no session is opened.",
    ),
    (
        "pam_loginuid",
        Phase::Session,
        "cap_audit_control",
        "pam_loginuid cannot set the login user ID, so no session is opened.",
    ),
    (
        "pam_namespace",
        Phase::Session,
        "cap_sys_admin",
        "pam_namespace cannot set up the user's private directories.",
    ),
    ("pam_mount", Phase::Session, "cap_sys_admin", "pam_mount cannot mount anything."),
];

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let Some(unit) = setup.unit.as_ref().filter(|unit| unit.user.is_none()) else { return Vec::new() };
    let has = |option: &str| setup.option(option).is_some();
    let checks_users = setup.pam_lines().next().is_some();
    let wanted = [
        (
            "cap_setuid",
            has("user"),
            "OpenVPN cannot switch to the user in its configuration, and does not start.",
        ),
        (
            "cap_setgid",
            has("user") || has("group"),
            "OpenVPN cannot switch to the group in its configuration, and does not start.",
        ),
        ("cap_sys_chroot", has("chroot"), "OpenVPN cannot enter its chroot, and does not start."),
        (
            "cap_dac_override",
            checks_users,
            "PAM modules cannot read files of other users, such as the keys of one-time codes.",
        ),
        (
            "cap_audit_write",
            checks_users,
            "The kernel refuses the audit records of logins. With some libraries each login then fails with \"System error\".",
        ),
    ];
    let of_modules = OF_MODULES.iter().filter_map(|(module, phase, name, why)| {
        let mut services = setup.services().filter(|(_, _, service)| service.phases.contains(phase));
        let is_run = services.any(|(_, _, service)| service.lines(*phase).any(|(_, other)| other == *module));
        is_run.then_some((*name, *why))
    });
    let of_all = wanted.iter().filter(|(_, needed, _)| *needed).map(|(name, _, why)| (*name, *why));
    let missing = of_all.chain(of_modules).filter(|(name, _)| unit.lacks(name));
    missing
        .map(|(name, why)| {
            // The one that has a drop-in of its own.
            let ours = if name == "cap_chown" { " (packaging/systemd/expired-password.conf)" } else { "" };
            let name = name.to_uppercase();
            Finding::warning("capability", format!("the unit takes {name} away"))
                .in_unit(&unit.name)
                .why(why)
                .todo(format!(
                    "Add to the unit (this keeps the capabilities that it has): CapabilityBoundingSet={name}{ours}"
                ))
        })
        .collect()
}
