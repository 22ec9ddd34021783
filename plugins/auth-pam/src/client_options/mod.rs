//! Options that a client gets by its user and groups (`client-options=DIR`), from files that only root can change.
//!
//! | file | for |
//! |---|---|
//! | `DIR/default` | every client |
//! | `DIR/group/NAME` | members of this group |
//! | `DIR/user/NAME` | this user |
//!
//! They are put together in this order, groups sorted by their names: of an option that can stand only once for a client,
//! OpenVPN takes the last. Every file is checked when OpenVPN starts ([`check`]), and read again for each client that connects
//! ([`collect`]).

pub mod braces;
mod client_option_table;
mod directory;
mod line;
mod mistake;

use std::ffi::OsStr;
use std::path::Path;

use log_lines::UnloggedLine;

pub use braces::Values;
use directory::{EntryKind, read};
use line::Line;
pub use line::openvpn_word;
pub use mistake::Mistake;

/// The most that one client gets, and the longest file, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// What the start has found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What is not used.
    pub warnings: Vec<UnloggedLine>,
    /// What members of root's group could change.
    pub by_roots_group: Vec<UnloggedLine>,
}

/// Checks every file. `version`: that of OpenVPN, as 2.N.
///
/// Errors: why OpenVPN should not start.
pub fn check(directory: &Path, version: Option<u32>) -> Result<Findings, Mistake> {
    let mut findings = Findings::default();
    let mut judge = |found: Vec<UnloggedLine>| {
        for text in found {
            if !findings.by_roots_group.contains(&text) {
                findings.by_roots_group.push(text);
            }
        }
    };
    for (path, kind) in directory::all(directory, &mut findings.warnings)? {
        let file = read(&path, kind)?;
        judge(file.by_roots_group);
        if kind == EntryKind::File {
            lines(&path, &file.text, version)?;
        }
    }
    Ok(findings)
}

/// The options of one client: of this user, who is in the groups for which `is_member` says so.
///
/// Errors: why the client is to be refused.
pub fn collect(
    directory: &Path,
    user: &[u8],
    is_member: impl FnMut(&OsStr) -> Result<bool, Mistake>,
    values: &Values,
    version: Option<u32>,
) -> Result<String, Mistake> {
    let mut text = String::new();
    for path in directory::of_user(directory, user, is_member)? {
        for line in lines(&path, &read(&path, EntryKind::File)?.text, version)? {
            text += &line.for_client(values)?;
            text.push('\n');
            if text.len() > MAX_BYTES {
                return Err(Mistake::TooMuch);
            }
        }
    }
    Ok(text)
}

/// The lines of one file that hold an option.
fn lines(path: &Path, text: &[u8], version: Option<u32>) -> Result<Vec<Line>, Mistake> {
    // As OpenVPN has it, one may stand at the beginning.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let numbered = text.split(|byte| *byte == b'\n').enumerate();
    numbered.filter_map(|(index, line)| Line::read(path, index + 1, line, version).transpose()).collect()
}

#[cfg(test)]
mod tests;
