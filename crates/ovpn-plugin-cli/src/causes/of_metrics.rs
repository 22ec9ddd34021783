//! What auth-pam says of its file with figures (`metrics=`).

use super::{Known, known};

pub(super) static KNOWN: &[Known] = &[
    known(
        &["no metrics are written"],
        "The directory of `metrics=` is missing, or others could change it; the plugin runs without figures.",
        "Make the directory before OpenVPN starts, writable by its owner only: node_exporter's textfile collector names one.",
    ),
    known(
        &["metrics file", "is not written: another server writes it"],
        "A server that runs has the same `metrics=`. If that is the server of this plugin line, all is well.",
        "Give each server a file of its own.",
    ),
    known(
        &["metrics file", "was its directory replaced"],
        "The directory is opened once, when OpenVPN starts.",
        "Restart OpenVPN.",
    ),
    known(
        &["metrics file", "is not written: its disk takes"],
        "The disk of the file with figures hangs. No login waits for it.",
        "Look at the disk, or at the server of the file system.",
    ),
    known(
        &["metrics file", "is not written"],
        "The file keeps its old figures, and node_exporter reads those.",
        "Look at the room on the disk of the file, and at the owner and mode of its directory.",
    ),
    known(
        &["the writer of metrics file"],
        "The process that writes the figures has more rights than it needs, or too few; a sandbox around OpenVPN may be the reason.",
        "Give OpenVPN's unit CAP_SETUID, CAP_SETGID and CAP_SYS_CHROOT (CapabilityBoundingSet=).",
    ),
];
