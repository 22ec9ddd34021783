//! What PAM says of a login that it has refused, the most telling words first.

use super::{Known, PAM_REFUSED, SYSTEM_LOG, general, known};

pub(super) static KNOWN: &[Known] = &[
    known(
        &[PAM_REFUSED, "User not known to the underlying authentication module"],
        "No PAM module knows a user of this name.",
        "Compare the name, with upper and lower case, with the output of `getent passwd`. If it is a user of LDAP, RADIUS or the like, look at that module's settings.",
    ),
    known(
        &[PAM_REFUSED, "Authentication service cannot retrieve authentication info"],
        "The backend (LDAP, RADIUS, a database ...) could not be asked: it is away, its settings are wrong, or a helper program of a PAM module could not run.",
        SYSTEM_LOG,
    ),
    known(
        &[PAM_REFUSED, "User account has expired"],
        "The password was right, but the account has expired.",
        "See `chage -l NAME`; `chage -E -1 NAME` takes the date away. For a user of a directory, look there.",
    ),
    known(
        &[PAM_REFUSED, "Authentication token expired"],
        "The password was right, but has expired.",
        "Have it changed with `passwd NAME`; see `chage -l NAME`.",
    ),
    known(
        &[PAM_REFUSED, "Permission denied"],
        "PAM refused this user, not the password. Modules that do so are pam_access, pam_time, pam_nologin, pam_listfile, pam_succeed_if and pam_deny.",
        "Look at the lines of the service file, at /etc/security/access.conf and time.conf, and for /etc/nologin.",
    ),
    known(
        &[PAM_REFUSED, "Module is unknown"],
        "A module named in the service file is not installed, or cannot be loaded.",
        SYSTEM_LOG,
    ),
    known(
        &[PAM_REFUSED, "Critical error - immediate abort"],
        "PAM gave up: the service file, or one it includes, cannot be read or has a mistake in it.",
        SYSTEM_LOG,
    ),
    known(
        &[PAM_REFUSED, "Insufficient credentials"],
        "A PAM module may not read what it needs.",
        "OpenVPN has to be started as root, and this command too.",
    ),
    known(
        &[PAM_REFUSED, "maximum number of retries"],
        "There were too many failed logins before this one.",
        "With pam_faillock: `faillock --user NAME`, and `faillock --user NAME --reset` to let the user try again.",
    ),
    known(&[PAM_REFUSED, "System error"], "A PAM module failed by itself.", SYSTEM_LOG),
    known(&[PAM_REFUSED, "Error in service module"], "A PAM module failed by itself.", SYSTEM_LOG),
    known(
        &[PAM_REFUSED, "account is locked"],
        "The account is locked, after too many failed logins for example. The right password is refused too.",
        "With pam_faillock: `faillock --user NAME`, and `faillock --user NAME --reset` to let the user try again.",
    ),
    general(
        &[PAM_REFUSED, "Authentication failure", "; PAM says: "],
        "PAM did not let the user in. The module that has refused says why, at the end of the line above.",
        SYSTEM_LOG,
    ),
    general(
        &[PAM_REFUSED, "Authentication failure"],
        "PAM did not take this name and this password. Mostly the password is wrong.",
        "If it is right, look for what else the stack asks for: a module before the password's may have refused.",
    ),
    general(
        &[PAM_REFUSED, "Conversation error"],
        "The PAM stack asked something the plugin could not answer.",
        "With --verb 4 the log tells the prompts. The plugin line may need pairs of a prompt and its answer, such as: login USERNAME password PASSWORD",
    ),
    general(
        &[PAM_REFUSED, "Authentication token is no longer valid"],
        "The password was right, but has to be changed first.",
        "`passwd NAME` changes it; see `chage -l NAME`. auth-pam's `change-expired=yes` lets users choose a new one when they log in.",
    ),
    general(&[PAM_REFUSED], "PAM refused the login, in the words above.", SYSTEM_LOG),
];
