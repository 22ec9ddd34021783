//! What other plugins say: OpenVPN's own, and what authors of others are likely to write.

use auth_pam_lines::refusals;
use log_lines::Declared;

use super::{Known, general, known};

/// The explanation of our own plugin.
static CONTROL_FILE: &Declared = refusals::LINES.line("control_file");

pub(super) static KNOWN: &[Known] = &[
    known(&["control file"], "The file for the verdict cannot be used.", CONTROL_FILE.todo),
    // OpenVPN's own auth-pam.
    known(
        &["need PAM service parameter"],
        "The name of the PAM service is missing.",
        "Put it after the plugin's file: `plugin FILE SERVICE`",
    ),
    general(&["cannot open", "for writing"], "The plugin cannot write its verdict.", CONTROL_FILE.todo),
];
