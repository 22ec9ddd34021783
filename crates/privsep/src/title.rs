//! What `ps` shows of a process: a name for `ps -e`, and a line that may change while it works.

use std::ffi::CStr;

use crate::argument_area::{self, Layout};

/// Room for a title, in bytes. Where the original command line was shorter, another area is made.
const ROOM: usize = 256;

/// The first piece of a title: the plugin, the process, and the name of the configuration if there is one.
#[must_use]
pub fn name(plugin: &str, process: &str, config_name: Option<&str>) -> String {
    let config = config_name.map(|name| format!(" [{name}]")).unwrap_or_default();
    format!("{plugin}: {process}{config}")
}

/// The title of this process. Showing another one costs no system call.
#[derive(Debug)]
pub struct Title {
    /// Bounds of the argument area; `None`: the system does not say where it is.
    area: Option<(usize, usize)>,
}

impl Title {
    /// For a forked child, which never goes back to what it was forked from. `command` is shown by `ps -e` and `top`, at
    /// most 15 bytes.
    pub fn take(command: &CStr) -> Self {
        let _ = nix::sys::prctl::set_name(command);
        let Some(layout) = layout() else { return Title { area: None } };
        let (start, end) = (layout.arguments_start, layout.arguments_end);
        // Not every kernel can do that; then the title has to fit.
        let larger =
            if end.saturating_sub(start) < ROOM { argument_area::replace(&layout, ROOM) } else { None };
        Title { area: larger.or(Some((start, end))) }
    }

    /// That of a process that is not touched.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn none() -> Self {
        Title { area: None }
    }

    /// Shows these pieces one after the other, as many as there is room for: half a number would be a wrong one.
    pub fn show(&self, pieces: &[&str]) {
        if let Some((start, end)) = self.area {
            argument_area::overwrite(start, end, fitting(pieces, end.saturating_sub(start)).as_bytes());
        }
    }
}

/// The pieces that fit, with a NUL after them. The first one is cut if it must be.
fn fitting(pieces: &[&str], room: usize) -> String {
    let mut text = String::new();
    for piece in pieces {
        if !text.is_empty() && text.len() + piece.len() >= room {
            break;
        }
        text += piece;
    }
    text
}

/// What proc(5) says of `/proc/self/stat`. The kernel gives zeros or ones to a reader that may not know an address.
fn layout() -> Option<Layout> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, the command name, may hold blanks and parentheses: count from after its end.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<usize>().ok();
    Some(Layout {
        code: (field(26)?, field(27)?),
        stack_start: field(28)?,
        data: (field(45)?, field(46)?),
        heap_start: field(47)?,
        arguments_start: field(48)?,
        arguments_end: field(49)?,
        environment: (field(50)?, field(51)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pieces_or_none() {
        let pieces = ["auth-pam: supervisor", " [server1]", ": 12 running"];
        assert_eq!(fitting(&pieces, 256), "auth-pam: supervisor [server1]: 12 running");
        assert_eq!(fitting(&pieces, 43), "auth-pam: supervisor [server1]: 12 running");
        assert_eq!(fitting(&pieces, 42), "auth-pam: supervisor [server1]");
        assert_eq!(fitting(&pieces, 30), "auth-pam: supervisor");
        assert_eq!(fitting(&pieces, 3), "auth-pam: supervisor");
    }
}
