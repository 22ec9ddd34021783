//! What is read of a plugin's options: a table for its document, a section for the manual page, a reference. All of it comes
//! from where the options are declared.

use std::fmt::Write;

use plugin_options::{Fallback, Form, OptionSpec};

use crate::man_markup::{indented, marked_up, wrapped};

/// How wide a line of a document is at most.
const MARKDOWN_WIDTH: usize = 100;

/// A plugin's options.
#[derive(Debug)]
pub struct OptionReference<C: 'static> {
    /// By name.
    options: Vec<&'static OptionSpec<C>>,
}

impl<C> OptionReference<C> {
    /// Those that are documented.
    pub fn new(groups: &'static [&'static [OptionSpec<C>]]) -> Self {
        let mut options: Vec<_> = groups.iter().copied().flatten().collect();
        options.retain(|option| option.form.is_documented());
        options.sort_by_key(|option| option.name);
        OptionReference { options }
    }

    /// They, by name.
    pub fn options(&self) -> &[&'static OptionSpec<C>] {
        &self.options
    }

    /// Fails if an option is without one of its texts, or is there twice.
    ///
    /// # Panics
    /// Then.
    pub fn is_complete(&self) {
        for pair in self.options.windows(2) {
            assert_ne!(pair[0].name, pair[1].name, "is there twice");
        }
        for option in &self.options {
            let name = option.name;
            for (what, text) in
                [("meaning", option.meaning), ("text", option.text), ("example", option.example)]
            {
                assert!(!text.trim().is_empty(), "option {name}: its {what} is empty");
            }
            assert!(option.text.ends_with('.'), "option {name}: its text ends in the middle of a sentence");
            assert!(!option.meaning.ends_with('.'), "option {name}: its meaning is a phrase, for a table");
            let explained =
                !matches!(option.default, Fallback::Described(_)) || option.text.contains("default is");
            assert!(explained, "option {name}: its text does not say what its default is");
        }
    }

    /// The sections of the manual page that the texts name.
    pub fn sections_named(&self) -> Vec<&'static str> {
        let parts = self.options.iter().flat_map(|option| {
            // Between backticks brackets are brackets.
            option.text.split('`').step_by(2)
        });
        parts.flat_map(|part| part.split('[').skip(1)).filter_map(|rest| rest.split(']').next()).collect()
    }

    /// A table of Markdown: option, default, meaning.
    pub fn table(&self) -> String {
        let mut table = String::from("| option | default | meaning |\n|---|---|---|\n");
        for option in &self.options {
            let default = match option.default {
                Fallback::Value(value) => format!(" {}", value_shown(value)),
                Fallback::Described(text) => format!(" {text}"),
                Fallback::Nothing => String::new(),
            };
            let shown = option.shown().replace('|', "\\|");
            writeln!(table, "| `{shown}` |{default} | {} |", option.meaning).expect("text");
        }
        table
    }

    /// A table for the command `ovpn-plugin`: name, form, default and meaning with tabs between.
    pub fn rows(&self) -> String {
        let row = |option: &&'static OptionSpec<C>| {
            let default = match option.default {
                Fallback::Value(text) | Fallback::Described(text) => text,
                Fallback::Nothing => "",
            };
            let OptionSpec { name, form, meaning, .. } = option;
            // A terminal has no marks.
            format!("{name}\t{form}\t{default}\t{meaning}\n").replace('`', "")
        };
        self.options.iter().map(row).collect()
    }

    /// What stands in the manual page.
    pub fn man_section(&self) -> String {
        let mut section = String::new();
        for option in &self.options {
            let term = form_in_man(&option.form);
            let (first, rest) = option.text.split_once("\n\n").unwrap_or((option.text, ""));
            let text = format!("{first} {}\n\n{rest}", sentences(option));
            write!(
                section,
                "\n*{}=*{term}\n{}",
                option.name,
                indented(&marked_up(&sections(text.trim_end(), "`")))
            )
            .expect("text");
        }
        section + "\n"
    }

    /// A document: what is said before, a table and one section an option. `page` is the manual page that has the
    /// sections, `declared` where the options are declared.
    pub fn document(&self, declared: &str, title: &str, introduction: &str, page: &str) -> String {
        let mut text = format!(
            "<!-- Made from {declared} by make generate. -->\n\n# {title}\n\n{introduction}\n\n\
             Sections that are named below, as *Heading*, are those of the manual page `{page}`.\n\n{}",
            self.table()
        );
        for option in &self.options {
            let OptionSpec { name, example, .. } = option;
            let described = wrapped(&sections(option.text, "*"), "", MARKDOWN_WIDTH);
            write!(text, "\n## {name}\n\n    {}\n\n{described}\n", option.shown()).expect("text");
            let mut facts = Vec::new();
            match &option.form {
                Form::Number(number) => facts.push(format!("Value: a number {}", number.bounds())),
                Form::Words(words) => facts.push(format!("Value: `{}`", words.join("`, `"))),
                Form::Other(_) => {}
            }
            match option.default {
                Fallback::Value(value) => facts.push(format!("Default: {}", value_shown(value))),
                Fallback::Described(text) => facts.push(format!("Default: {text}")),
                Fallback::Nothing => {}
            }
            if !option.needs.is_empty() {
                facts.push(format!("Needs: {} or later", option.needs));
            }
            let word = format!("{name}={example}");
            let word = if word.contains(' ') { format!("'{word}'") } else { word };
            facts.push(format!("Example: `{word}`"));
            if option.repeats {
                facts.push("May be given several times".into());
            }
            for fact in facts {
                writeln!(text, "* {fact}").expect("text");
            }
        }
        text
    }
}

/// A number as it is, a word as it is written.
fn value_shown(value: &str) -> String {
    if value.starts_with(|c: char| c.is_ascii_digit()) { value.into() } else { format!("`{value}`") }
}

/// What is said of every option: bounds, default, what it needs. A default in words is in the text.
fn sentences<C>(option: &OptionSpec<C>) -> String {
    let default = match option.default {
        Fallback::Value(value) => Some(value_shown(value)),
        Fallback::Described(_) | Fallback::Nothing => None,
    };
    let bounds = match &option.form {
        Form::Number(number) => Some(number.bounds().replacen("from", "From", 1)),
        Form::Words(_) | Form::Other(_) => None,
    };
    let mut sentences = match (bounds, default) {
        (Some(bounds), Some(default)) => vec![format!("{bounds}; the default is {default}.")],
        (Some(bounds), None) => vec![format!("{bounds}.")],
        (None, Some(default)) => vec![format!("The default is {default}.")],
        (None, None) => Vec::new(),
    };
    if !option.needs.is_empty() {
        sentences.push(format!("Needs {} or later.", option.needs));
    }
    sentences.join(" ")
}

/// Words and placeholders underlined, what stands between them not.
fn form_in_man(form: &Form) -> String {
    let form = form.to_string();
    let mut shown = String::new();
    for part in form.split_inclusive(['|', ':']) {
        let (word, after) = match part.strip_suffix(['|', ':']) {
            Some(word) => (word, &part[word.len()..]),
            None => (part, ""),
        };
        write!(shown, "_{word}_{after}").expect("text");
    }
    shown
}

/// The text with this mark around the names of sections. Between backticks brackets are brackets.
fn sections(text: &str, mark: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(number, part)| match number % 2 {
        0 => part.replace(['[', ']'], mark),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}
