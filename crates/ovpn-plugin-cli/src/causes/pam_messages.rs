//! What PAM says of a login that it has refused, the most telling words first.

use auth_pam_lines::refusals;
use log_lines::Declared;

use super::{Known, PAM_REFUSED, general, known};

const UNLOCK: &str = "If pam_faillock locked the user, run `faillock --user NAME --reset` to unlock. Without `--reset` it lists the failed logins.";
/// Explanations of the plugin's own lines, which fit here too.
static MODULE_SAYS: &Declared = refusals::LINES.line("module_error");
static EXPIRED: &Declared = refusals::LINES.line("expired");

pub(super) static KNOWN: &[Known] = &[
    known(
        &[PAM_REFUSED, "User not known to the underlying authentication module"],
        "No PAM module knows a user of this name.",
        "Compare the name with the output of `getent passwd`; capitals count. If it is a user of LDAP, RADIUS or the like, look at that module's settings.",
    ),
    known(
        &[PAM_REFUSED, "Authentication service cannot retrieve authentication info"],
        "PAM could not ask the backend (LDAP, RADIUS, a database ...). The backend is unreachable, its settings are wrong, or a helper program of a PAM module could not run.",
        MODULE_SAYS.todo,
    ),
    known(
        &[PAM_REFUSED, "User account has expired"],
        "The password was right, but the account has expired.",
        "`chage -l NAME` shows the date, and `chage -E -1 NAME` removes it. For a user of a directory, look in the directory.",
    ),
    known(
        &[PAM_REFUSED, "Authentication token expired"],
        "The password was right, but has expired.",
        "Change it with `passwd NAME`; `chage -l NAME` shows the dates.",
    ),
    known(
        &[PAM_REFUSED, "Permission denied"],
        "PAM refused this user, not the password. Modules that do so are pam_access, pam_time, pam_nologin, pam_listfile, pam_succeed_if and pam_deny.",
        "Look at the lines of the service file, and at /etc/security/access.conf and time.conf. Remove /etc/nologin if it is there.",
    ),
    known(
        &[PAM_REFUSED, "Module is unknown"],
        "A module that the service file names is not installed, or cannot be loaded.",
        MODULE_SAYS.todo,
    ),
    known(
        &[PAM_REFUSED, "Critical error - immediate abort"],
        "PAM gave up. The service file, or a file that it includes, cannot be read or has a mistake in it.",
        MODULE_SAYS.todo,
    ),
    known(
        &[PAM_REFUSED, "Insufficient credentials"],
        "A PAM module may not read what it needs.",
        "Start OpenVPN as root, and this command as well.",
    ),
    known(
        &[PAM_REFUSED, "maximum number of retries"],
        "There were too many failed logins before this one, so PAM refuses the right password too.",
        UNLOCK,
    ),
    known(
        &[PAM_REFUSED, "System error"],
        "A PAM module failed. The password may be right.",
        MODULE_SAYS.todo,
    ),
    known(
        &[PAM_REFUSED, "Error in service module"],
        "A PAM module failed. The password may be right.",
        MODULE_SAYS.todo,
    ),
    known(
        &[PAM_REFUSED, "account is locked"],
        "The account is locked, for example after too many failed logins. PAM refuses the right password too.",
        UNLOCK,
    ),
    general(
        &[PAM_REFUSED, "Authentication failure", "; PAM says: "],
        "PAM refused the user. The module that refused says why, at the end of the line above.",
        MODULE_SAYS.todo,
    ),
    general(
        &[PAM_REFUSED, "Authentication failure"],
        "PAM did not accept this name and password. Usually the password is wrong.",
        "If the password is right, look at the other lines of the PAM service: a module before the password check may have refused.",
    ),
    general(
        &[PAM_REFUSED, "Conversation error"],
        "The PAM stack asked something, and the plugin had no answer to it.",
        "With --verb 4 the log shows the prompts. Add pairs of a prompt and its answer to the plugin line, such as: login USERNAME password PASSWORD",
    ),
    general(&[PAM_REFUSED, "Authentication token is no longer valid"], EXPIRED.why, EXPIRED.todo),
    general(&[PAM_REFUSED], "PAM refused the login. The line above has its reason.", MODULE_SAYS.todo),
];
