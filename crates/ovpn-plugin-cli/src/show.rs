//! What the command prints: one line for each thing that happens, or one JSON object, without control characters and
//! without secrets.

use std::io::{self, Write};
use std::path::Path;

use ovpn_plugin::escape;
use ovpn_plugin_host::{LogLine, sys};

use crate::causes::Cause;
use crate::password::Secret;
use crate::redaction::{Leak, Redactor, change_from_plugin, from_plugin};
use crate::style::{Emphasis, Style};

/// From this `verb` on OpenVPN shows debug messages of plugins.
const DEBUG_VERB: u8 = 7;
/// Lines in which what the plugin says goes no further than this command.
const TO_NOBODY: [&str; 5] = ["file", "exports", "needs", "starts", "open"];

enum Form {
    Text(Style),
    /// One object a line.
    Json,
}

/// Standard output, which never fails the command.
pub(crate) struct Show {
    redactor: Redactor,
    verb: u8,
    form: Form,
}

/// What stands behind a name in a JSON object.
pub(crate) enum Field<'a> {
    Text(&'a str),
    Path(&'a Path),
    Number(usize),
}

/// The end: what came of it.
pub(crate) struct Summary<'a> {
    pub(crate) command: &'a str,
    pub(crate) status: u8,
    /// In one word, for programs.
    pub(crate) outcome: &'a str,
    pub(crate) text: &'a str,
    pub(crate) causes: &'a [Cause],
    pub(crate) warnings: &'a [Cause],
}

impl Show {
    pub(crate) fn new(verb: u8, json: bool) -> Self {
        let form = if json { Form::Json } else { Form::Text(Style::of_output()) };
        Self { redactor: Redactor::default(), verb, form }
    }

    /// From now on this is shown as `[password]`, plain and in base64, where the plugin says it.
    pub(crate) fn hide(&mut self, secret: &[u8]) {
        self.redactor.add(secret);
    }

    /// Whether the plugin has shown the secret to others.
    pub(crate) fn leak(&self) -> Leak {
        self.redactor.leak
    }

    /// A line with a word before it that says what it is. What is the plugin's in it is marked.
    pub(crate) fn line(&mut self, what: &str, text: &str) {
        let text = self.clean(what, text);
        match self.form {
            Form::Text(style) => write_line(&style.line(what, &text, emphasis(what))),
            Form::Json => write_json(&[("kind", string(what)), ("text", string(&text))]),
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        matches!(self.form, Form::Json)
    }

    /// One check of a certificate, with why it matters and what to do.
    pub(crate) fn checked(&mut self, grade: &str, id: &str, text: &str, advice: Option<(&str, &str)>) {
        let text = self.clean("check", text);
        let mut fields = vec![
            ("kind", string("check")),
            ("grade", string(grade)),
            ("id", string(id)),
            ("text", string(&text)),
        ];
        fields.extend(
            advice.into_iter().flat_map(|(why, todo)| [("why", string(why)), ("to_do", string(todo))]),
        );
        write_json(&fields);
    }

    /// An object of these fields. There is nothing of a plugin in it.
    pub(crate) fn object(&self, fields: &[(&str, Field<'_>)]) {
        let value = |field: &Field<'_>| match field {
            Field::Text(text) => string(&printable(text)),
            Field::Path(path) => string(&printable(&path.display().to_string())),
            Field::Number(number) => number.to_string(),
        };
        let fields: Vec<_> = fields.iter().map(|(name, field)| (*name, value(field))).collect();
        write_json(&fields);
    }

    /// A blank line between the parts.
    pub(crate) fn gap(&self) {
        if matches!(self.form, Form::Text(_)) {
            write_line("");
        }
    }

    /// A line of the plugin's log, if OpenVPN would show it.
    pub(crate) fn log(&mut self, line: &LogLine) {
        let is_debug = line.flags & sys::PLOG_DEBUG != 0;
        if is_debug && self.verb < DEBUG_VERB {
            return;
        }
        let text = self.clean("log", &from_plugin(&line.text));
        let name = self.clean("log", &from_plugin(&line.name));
        let (level, emphasis) = match (line.is_error(), line.is_warning()) {
            (true, _) => ("error", Emphasis::Bad),
            (_, true) => ("warning", Emphasis::Warning),
            _ if is_debug => ("debug", Emphasis::Aside),
            _ => ("note", Emphasis::Aside),
        };
        match self.form {
            Form::Text(style) => {
                let level = if matches!(emphasis, Emphasis::Bad | Emphasis::Warning) {
                    format!("{level}: ")
                } else {
                    String::new()
                };
                let name = if name.is_empty() { name } else { format!("{name}: ") };
                write_line(&style.line("log", &format!("{level}{name}{text}"), emphasis));
            }
            Form::Json => write_json(&[
                ("kind", string("log")),
                ("level", string(level)),
                ("name", string(&name)),
                ("text", string(&text)),
            ]),
        }
    }

    /// The end.
    pub(crate) fn summary(&mut self, summary: &Summary<'_>) {
        match self.form {
            Form::Text(style) => {
                let Summary { status, text, causes, warnings, .. } = summary;
                write_line("");
                let emphasis = if *status == 0 { Emphasis::Good } else { Emphasis::Bad };
                write_line(&style.line("result", &self.clean("result", text), emphasis));
                for (word, causes) in [("why", causes), ("warning", warnings)] {
                    for cause in *causes {
                        self.line(word, &cause.why);
                        if !cause.todo.is_empty() {
                            self.line("to do", &cause.todo);
                        }
                    }
                }
            }
            Form::Json => {
                let Summary { command, status, outcome, text, causes, warnings } = summary;
                let mut list = |causes: &[Cause]| {
                    let one = |cause: &Cause| {
                        let (why, todo) = (self.clean("why", &cause.why), self.clean("to do", &cause.todo));
                        let todo = if todo.is_empty() { "null".to_owned() } else { string(&todo) };
                        object(&[("why", string(&why)), ("to_do", todo)])
                    };
                    format!("[{}]", causes.iter().map(one).collect::<Vec<_>>().join(","))
                };
                let (causes, warnings) = (list(causes), list(warnings));
                write_json(&[
                    ("kind", string("result")),
                    ("command", string(command)),
                    ("status", status.to_string()),
                    ("outcome", string(outcome)),
                    ("text", string(&self.clean("result", text))),
                    ("causes", causes),
                    ("warnings", warnings),
                ]);
            }
        }
    }

    fn clean(&mut self, what: &str, text: &str) -> String {
        let to_others = !TO_NOBODY.contains(&what);
        printable(&change_from_plugin(text, |part| self.redactor.hide(part, to_others)))
    }
}

fn emphasis(what: &str) -> Emphasis {
    match what {
        "warning" | "NOTE" => Emphasis::Warning,
        "PASS" => Emphasis::Good,
        "error" | "failed" | "FAIL" => Emphasis::Bad,
        _ => Emphasis::Plain,
    }
}

/// `text` with its control characters escaped. Backslashes stay single: names of Windows domains have them.
pub(crate) fn printable(text: &str) -> String {
    text.split('\\').map(|part| escape(part.as_bytes()).to_string()).collect::<Vec<_>>().join("\\")
}

fn write_json(fields: &[(&str, String)]) {
    write_line(&object(fields));
}

/// In this order: what a line is stands first.
pub(crate) fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{}:{value}", string(name))).collect();
    format!("{{{}}}", fields.join(","))
}

/// A JSON string. Only these two have to be escaped in a text without control characters.
pub(crate) fn string(printable: &str) -> String {
    format!("\"{}\"", printable.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Somebody may have closed the reading end of a pipe; the exit status is right all the same.
pub(crate) fn write_line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
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
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn the_commands_own_words_are_never_hidden() {
        let mut show = Show::new(4, false);
        show.hide(b"password");
        assert_eq!(show.clean("why", "Usually the password is wrong."), "Usually the password is wrong.");
        let line = format!("reads: {}", from_plugin("your password"));
        assert_eq!(show.clean("open", &line), "reads: your [password]");
        assert_eq!(show.leak(), Leak::None);
        show.clean("client", &line);
        assert_eq!(show.leak(), Leak::Possible);
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
