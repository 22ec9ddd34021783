//! An option of a plugin, declared once for the parser and for the documents.

use crate::{Form, Mistake, Value};

/// The option that names the file with further options. The parser reads it itself; tables list it for the documents.
pub const OPTIONS_FILE: &str = "options";

/// Takes a value of an option.
pub type Set<C> = fn(&mut C, &Value<'_>) -> Result<(), Mistake>;

/// One option of a plugin whose options together are a `C`.
///
/// Texts are in a small Markdown: `` `as it is written` ``, `*PLACEHOLDER*`, `[Heading]` for a section of the plugin's
/// manual page, a blank line between paragraphs. What the form and the default say is not repeated in them.
#[derive(Debug)]
pub struct OptionSpec<C> {
    /// What stands before the `=`.
    pub name: &'static str,
    /// What may stand after it.
    pub form: Form,
    /// What holds without it.
    pub default: Fallback,
    /// A value somebody may have written there.
    pub example: &'static str,
    /// What it needs beside the plugin, for example `OpenVPN 2.7`; empty: nothing.
    pub needs: &'static str,
    /// What it is for, in one phrase for a table.
    pub meaning: &'static str,
    /// All that is to be known, for the manual page and the reference.
    pub text: &'static str,
    /// Whether it may be given several times, once for each value of what stands before its `:`.
    pub repeats: bool,
    /// Takes a value.
    pub set: Set<C>,
}

/// What holds where an option is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// The same as if this value were given: the parser takes it before anything else.
    Value(&'static str),
    /// As this text says. A test of the plugin checks that it is true.
    Described(&'static str),
    /// Nothing.
    Nothing,
}

/// What the parser has of an option. The texts stay out of the plugin's file.
#[derive(Debug)]
pub struct Entry<C> {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) default: Option<&'static str>,
    pub(crate) repeats: bool,
    pub(crate) set: Set<C>,
}

// Not derived, which would ask for a `C` that can be copied.
impl<C> Clone for Entry<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Entry<C> {}

impl<C> Entry<C> {
    /// The option in a message: `timeout=SECONDS`.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}={}", self.name, self.form)
    }

    /// What stands before the `=`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl<C> OptionSpec<C> {
    /// The entry of [`OPTIONS_FILE`], the same in every plugin but for its text.
    #[must_use]
    pub const fn options_file(text: &'static str) -> Self {
        OptionSpec {
            name: OPTIONS_FILE,
            form: Form::Other("FILE"),
            default: Fallback::Nothing,
            example: "/etc/openvpn/plugin.conf",
            needs: "",
            meaning: "file with further options, one a line",
            text,
            repeats: false,
            // The parser itself reads it.
            set: |_, _| Ok(()),
        }
    }

    /// An option that is taken and not documented.
    #[must_use]
    pub const fn undocumented(name: &'static str, set: Set<C>) -> Self {
        OptionSpec {
            name,
            form: Form::Other(""),
            default: Fallback::Nothing,
            example: "",
            needs: "",
            meaning: "",
            text: "",
            repeats: false,
            set,
        }
    }

    /// The option in a document: `timeout=SECONDS`.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}={}", self.name, self.form)
    }

    const fn entry(&self) -> Entry<C> {
        let default = match self.default {
            Fallback::Value(value) => Some(value),
            Fallback::Described(_) | Fallback::Nothing => None,
        };
        Entry { name: self.name, form: self.form, default, repeats: self.repeats, set: self.set }
    }
}

/// How many options there are in these groups.
#[must_use]
pub const fn count<C>(groups: &[&[OptionSpec<C>]]) -> usize {
    let (mut count, mut group) = (0, 0);
    while group < groups.len() {
        count += groups[group].len();
        group += 1;
    }
    count
}

/// What the parser has of the options in these groups; `N` is their [`count`].
///
/// Made while compiling: a plugin that refers to the result only has no text of them in its file.
///
/// # Panics
/// While compiling, if `N` is not their count.
#[must_use]
pub const fn entries<C, const N: usize>(groups: &[&[OptionSpec<C>]]) -> [Entry<C>; N] {
    assert!(N > 0 && N == count(groups));
    let mut entries = [groups[0][0].entry(); N];
    let (mut at, mut group) = (0, 0);
    while group < groups.len() {
        let mut option = 0;
        while option < groups[group].len() {
            entries[at] = groups[group][option].entry();
            at += 1;
            option += 1;
        }
        group += 1;
    }
    entries
}
