//! What the loader's words about a plugin's file mean.

use crate::causes::Cause;

/// What the loader's words mean.
pub(crate) fn cause(error: &str) -> Option<Cause> {
    let known = [
        (
            "openvpn_plugin_",
            "is missing",
            "The file is a library, but no OpenVPN plugin.",
            "Look at the path in the plugin line.",
        ),
        (
            "cannot open shared object file",
            "No such file",
            "The file, or a library it needs, is not there.",
            "Look at the path; `ldd PLUGIN` names libraries that are missing.",
        ),
        (
            "cannot open shared object file",
            "Permission denied",
            "The file may not be read.",
            "It needs read permission for root, and its directories `x`; with SELinux or AppArmor look at their logs.",
        ),
        (
            "failed to map segment",
            "",
            "The file lies on a file system mounted with `noexec`, or a security module forbids it.",
            "Install the plugin into OpenVPN's plugin directory.",
        ),
        (
            "cannot dynamically load",
            "",
            "The file is a program, no shared library.",
            "Look at the path in the plugin line.",
        ),
        ("invalid ELF header", "", "The file is no shared library.", "Look at the path in the plugin line."),
        ("file too short", "", "The file is empty or cut off.", "Install it anew."),
        (
            "wrong ELF class",
            "",
            "The plugin is built for another processor than OpenVPN.",
            "Install the one for this machine.",
        ),
        (
            "undefined symbol",
            "",
            "The plugin needs a library, or a version of one, that is not there.",
            "Install the plugin that was built for this distribution.",
        ),
        (
            "events OpenVPN 2.6 does not have",
            "",
            "The plugin asks for events that do not exist.",
            "OpenVPN would end with `unsupported plugin type mask`; a newer or older build of the plugin is needed.",
        ),
    ];
    let (.., why, todo) =
        known.iter().find(|(first, second, ..)| error.contains(first) && error.contains(second))?;
    Some(Cause::new(*why, *todo))
}
