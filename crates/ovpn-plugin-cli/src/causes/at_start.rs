//! What is said of a plugin line, and at the start.

use super::{Known, known};

pub(super) static KNOWN: &[Known] = &[
    known(
        &["the PAM service file", "is missing"],
        "There is no such PAM service. PAM takes the stack of `other` instead, which checks system accounts on Debian and Ubuntu and mostly refuses everybody elsewhere.",
        "Create the file, or correct the service name in the plugin line.",
    ),
    known(
        &["unknown option"],
        "A word of the plugin line or of the options file looks like an option and is none.",
        "Correct the word quoted in the log; the plugin's manual page lists the options.",
    ),
    known(
        &["an option is one word"],
        "A line of the options file begins with an option, but is not written as one.",
        "Write one option a line, with `=` and without blanks, as the log shows it.",
    ),
    known(
        &["has no value"],
        "The words after the service name are pairs, and one of them has no value.",
        "Put names and values that hold blanks into quotes. OpenVPN passes 14 words of a plugin line, 16 in one pair of quotes.",
    ),
    known(
        &["more than", "name/value pairs"],
        "There are more pairs than the plugin takes.",
        "Leave out some of them.",
    ),
    known(
        &["need PAM service parameter"],
        "The name of the PAM service is missing.",
        "Put it after the plugin's file: plugin openvpn-plugin-auth-pam.so SERVICE",
    ),
    known(
        &["PAM service name is missing"],
        "The name of the PAM service is missing.",
        "Put it after the plugin's file: plugin openvpn-plugin-auth-pam.so SERVICE",
    ),
    known(
        &["status: there is no socket"],
        "The socket of `status=` could not be made. Logins go on, but `ovpn-plugin status`, `revoke` and `unblock` do not reach this server.",
        "See why at the end of the line. Each server needs a path of its own, in a directory that only root can write to.",
    ),
    known(
        &["is not run as root"],
        "Others than root could change what the script is.",
        "Put the script below a directory that only root can write to, owned by root.",
    ),
    known(
        &["the command is missing"],
        "The script to run is missing.",
        "Put its path after the plugin's file: plugin openvpn-plugin-down-root.so COMMAND [ARG]...",
    ),
    known(
        &["OpenVPN passes at most", "words"],
        "OpenVPN drops what does not fit into a plugin line, without a word.",
        "Write options and pairs to a file, one a line, and name it in the plugin line: options=/etc/openvpn/auth-pam.conf",
    ),
];
