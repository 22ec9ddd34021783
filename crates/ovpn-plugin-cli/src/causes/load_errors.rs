//! What the loader's words about a plugin's file mean.

use crate::causes::Cause;

/// What the loader's words mean.
pub(crate) fn cause(error: &str) -> Option<Cause> {
    let known = [
        (
            "openvpn_plugin_",
            "is missing",
            "The file is a library, but not a plugin of OpenVPN.",
            "Correct the path in the plugin line.",
        ),
        (
            "cannot open shared object file",
            "No such file",
            "The file, or a library that it needs, is missing.",
            "Correct the path in the plugin line, or install the libraries that `ldd PLUGIN` reports as not found.",
        ),
        (
            "cannot open shared object file",
            "Permission denied",
            "OpenVPN may not read the file.",
            "Give root read permission for the file, and `x` for its directories. With SELinux or AppArmor, look at their logs.",
        ),
        (
            "failed to map segment",
            "",
            "The file is on a file system that is mounted with `noexec`, or a security module forbids it.",
            "Install the plugin into OpenVPN's plugin directory.",
        ),
        (
            "cannot dynamically load",
            "",
            "The file is a program, not a shared library.",
            "Correct the path in the plugin line.",
        ),
        (
            "invalid ELF header",
            "",
            "The file is not a shared library.",
            "Correct the path in the plugin line.",
        ),
        ("file too short", "", "The file is empty or cut off.", "Install it again."),
        (
            "wrong ELF class",
            "",
            "The plugin is built for another processor than OpenVPN.",
            "Install the plugin that was built for this machine.",
        ),
        (
            "undefined symbol",
            "",
            "The plugin needs a library, or a version of one, that is not installed.",
            "Install the plugin that was built for this distribution.",
        ),
        (
            "events OpenVPN 2.6 does not have",
            "",
            "The plugin wants events that do not exist. OpenVPN would end with `unsupported plugin type mask`.",
            "Install the plugin that was built for this version of OpenVPN.",
        ),
    ];
    let (.., why, todo) =
        known.iter().find(|(first, second, ..)| error.contains(first) && error.contains(second))?;
    Some(Cause::new(*why, *todo))
}
