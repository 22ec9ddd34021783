//! What other plugins say: OpenVPN's own, and what authors of others are likely to write.

use super::{Known, general, known};

const TMP_DIR: &str =
    "OpenVPN's `tmp-dir` must be a directory that OpenVPN may write to also after `user` and `chroot`.";

pub(super) static KNOWN: &[Known] = &[
    known(&["control file"], "The file for the verdict cannot be used.", TMP_DIR),
    // OpenVPN's own auth-pam.
    known(
        &["need PAM service parameter"],
        "The name of the PAM service is missing.",
        "Put it after the plugin's file: `plugin FILE SERVICE`",
    ),
    general(&["cannot open", "for writing"], "The plugin cannot write its verdict.", TMP_DIR),
];
