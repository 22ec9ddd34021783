//! What the command prints: one line for each thing that happens, without control characters and without secrets.

use std::borrow::Cow;
use std::io::{self, Write};

use ovpn_plugin::escape;
use ovpn_plugin_host::{LogLine, base64, sys};
use zeroize::Zeroizing;

use crate::password::Secret;

/// From this `verb` on OpenVPN shows debug messages of plugins.
const DEBUG_VERB: u8 = 7;
/// A shorter secret is only hidden where it stands alone: it is part of too many words.
const SHORTEST_INSIDE_WORDS: usize = 4;

/// Standard output, which never fails the command.
pub(crate) struct Show {
    secrets: Vec<Zeroizing<String>>,
    verb: u8,
    hidden: bool,
}

impl Show {
    pub(crate) fn new(verb: u8) -> Self {
        Self { secrets: Vec::new(), verb, hidden: false }
    }

    /// From now on this is shown as `[password]`, plain and in base64.
    pub(crate) fn hide(&mut self, secret: &[u8]) {
        if !secret.is_empty() {
            self.secrets.push(Zeroizing::new(base64::encode(secret)));
            if let Ok(text) = std::str::from_utf8(secret) {
                self.secrets.push(Zeroizing::new(text.to_owned()));
            }
            self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// Whether anything had to be hidden.
    pub(crate) fn had_to_hide(&self) -> bool {
        self.hidden
    }

    /// A line with a word before it that says what it is.
    pub(crate) fn line(&mut self, what: &str, text: &str) {
        let text = self.clean(text);
        write_line(&format!("{what:<8} {text}"));
    }

    /// A line of the plugin's log, if OpenVPN would show it.
    pub(crate) fn log(&mut self, line: &LogLine) {
        if line.flags & sys::PLOG_DEBUG != 0 && self.verb < DEBUG_VERB {
            return;
        }
        let level = match (line.is_error(), line.is_warning()) {
            (true, _) => "error: ",
            (_, true) => "warning: ",
            _ => "",
        };
        let name = if line.name.is_empty() { String::new() } else { format!("{}: ", line.name) };
        self.line("log", &format!("{level}{name}{}", line.text));
    }

    fn clean(&mut self, text: &str) -> String {
        let mut shown = Cow::Borrowed(text);
        for secret in &self.secrets {
            if let Some(without) = without(&shown, secret) {
                shown = Cow::Owned(without);
                self.hidden = true;
            }
        }
        printable(&shown)
    }
}

/// A blank line between the parts.
pub(crate) fn gap() {
    write_line("");
}

/// `text` with its control characters escaped. Backslashes stay single: names of Windows domains have them.
pub(crate) fn printable(text: &str) -> String {
    text.split('\\').map(|part| escape(part.as_bytes()).to_string()).collect::<Vec<_>>().join("\\")
}

/// Somebody may have closed the reading end of a pipe; the exit status is right all the same.
fn write_line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// `text` with `secret` replaced; `None` if it is not in it.
fn without(text: &str, secret: &str) -> Option<String> {
    let mut shown = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(secret) {
        let (before, from) = rest.split_at(at);
        let (hit, after) = from.split_at(secret.len());
        shown.push_str(before);
        let joined = shown.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        if secret.len() < SHORTEST_INSIDE_WORDS && joined {
            shown.push_str(hit);
        } else {
            shown.push_str("[password]");
            found = true;
        }
        rest = after;
    }
    shown.push_str(rest);
    found.then_some(shown)
}

/// Takes what the client typed for what OpenVPN makes of it: control characters become `_`. Whether there were any.
pub(crate) fn as_openvpn_reads(text: &mut Secret) -> bool {
    let mut any = false;
    for byte in text.iter_mut().filter(|byte| byte.is_ascii_control()) {
        *byte = b'_';
        any = true;
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_plain_and_in_base64() {
        let mut show = Show::new(4);
        show.hide(b"hunter2");
        show.hide(b"ab");
        assert_eq!(show.clean("xhunter2y aHVudGVyMg== ab abc"), "x[password]y [password] [password] abc");
        assert!(show.had_to_hide());
    }

    #[test]
    fn nothing_is_sent_to_the_terminal_but_text() {
        assert_eq!(printable("DOM\\joe\x1b[2J\n\u{202e}ü"), "DOM\\joe\\x1b[2J\\n\\u{202e}ü");
    }

    #[test]
    fn control_characters_become_underscores() {
        let mut text = Zeroizing::new(b"a\tb\x7f\xc3\xbc".to_vec());
        assert!(as_openvpn_reads(&mut text));
        assert_eq!(text.as_slice(), b"a_b_\xc3\xbc");
    }
}
