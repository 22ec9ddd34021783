//! Reads a plugin's line, and the file it names: options first, then what the plugin itself understands.
//!
//! In the file a line of one word that looks like an option is one, wherever it stands; the words of every other line are
//! what stands after the options on a plugin line. What the line says goes before the file. A line that begins with an
//! option's name and goes on (`timeout 20`, `timeout = 20`) is a mistake: to take it for something else would leave out
//! the option without a word.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use log_lines::UnloggedLine;
use privsep::path_permissions::Problem;

use crate::file::{FileError, OptionsFile};
use crate::nearest::nearest;
use crate::value::shown;
use crate::{Entry, Mistake, OPTIONS_FILE, Place, Value, file, lines, word_split};

/// How a plugin's options are read.
#[derive(Debug)]
pub struct Grammar<C: 'static> {
    /// All of them.
    pub options: &'static [Entry<C>],
    /// Whether a word before everything else is an option.
    pub is_option: fn(&[u8]) -> bool,
}

/// A word that is no option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: Vec<u8>,
    /// Where it stands.
    pub place: Place,
}

/// What is left after the options.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Remainder {
    /// The rest of the plugin line.
    pub line: Vec<Word>,
    /// The lines of the file that are no options; none is empty.
    pub file: Vec<Vec<Word>>,
    /// What members of root's group could change about the file.
    pub by_roots_group: Vec<UnloggedLine>,
}

/// An option that was given: the entry's name, and for a repeatable option what it was given for.
type Key = (&'static str, Vec<u8>);

impl<C: Clone> Grammar<C> {
    /// Reads the words after the plugin's own path into `config`, and the file they may name. The declared defaults come
    /// first.
    ///
    /// # Errors
    /// If an option is unknown, has no good value or is given twice in one place, or if the file cannot be used.
    pub fn read<'a>(
        &self,
        line: impl IntoIterator<Item = &'a [u8]>,
        config: &mut C,
    ) -> Result<Remainder, Mistake> {
        self.read_with(line, config, file::read)
    }

    /// The same with the file's content from elsewhere.
    ///
    /// # Errors
    /// As [`Grammar::read`].
    pub fn read_with<'a>(
        &self,
        line: impl IntoIterator<Item = &'a [u8]>,
        config: &mut C,
        open: impl FnOnce(&[u8]) -> Result<OptionsFile, FileError>,
    ) -> Result<Remainder, Mistake> {
        self.take_defaults(config)?;
        let mut line = line.into_iter().peekable();
        let mut given: Vec<Key> = Vec::new();
        let mut path = None;
        while let Some(word) = line.next_if(|word| (self.is_option)(word)) {
            if let Some(value) = names_file(word) {
                if path.replace(value).is_some() {
                    return Err(Mistake::Repeated { place: Place::Line, word: shown(word) });
                }
            } else {
                self.take(word, &Place::Line, config, &mut given, &[])?;
            }
        }
        let rest = |text: &[u8]| Word { text: text.to_vec(), place: Place::Line };
        let mut remainder = Remainder { line: line.map(rest).collect(), ..Remainder::default() };
        if let Some(path) = path {
            let OptionsFile { content, by_roots_group } = open(path).map_err(Mistake::File)?;
            let reminder = |problem: &Problem| lines::by_roots_group(problem, &problem.command()).unlogged();
            remainder.by_roots_group = by_roots_group.iter().map(reminder).collect();
            let path = Arc::new(OsStr::from_bytes(path).into());
            self.read_file(&content, &path, config, &given, &mut remainder)?;
        }
        Ok(remainder)
    }

    fn take_defaults(&self, config: &mut C) -> Result<(), Mistake> {
        for Entry { name, form, default, set, .. } in self.options {
            let Some(default) = default else { continue };
            let word = format!("{name}={default}");
            let value = Value { word: word.as_bytes(), place: &Place::Line, form, bytes: default.as_bytes() };
            set(config, &value)?;
        }
        Ok(())
    }

    fn read_file(
        &self,
        content: &[u8],
        path: &Arc<PathBuf>,
        config: &mut C,
        before: &[Key],
        remainder: &mut Remainder,
    ) -> Result<(), Mistake> {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let mut given = Vec::new();
        for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
            let place = Place::File { path: Arc::clone(path), line: number + 1 };
            let words =
                word_split::split(line).map_err(|error| Mistake::Split { place: place.clone(), error })?;
            match &words[..] {
                [] => {}
                [word] if names_file(word).is_some() => return Err(Mistake::Nested(place)),
                [word] if (self.is_option)(word) => {
                    self.take(word, &place, config, &mut given, before)?;
                }
                words => {
                    self.begins_as_none(words, &place)?;
                    let words = words.iter().map(|text| Word { text: text.clone(), place: place.clone() });
                    remainder.file.push(words.collect());
                }
            }
        }
        Ok(())
    }

    /// Takes one option, unless it was given `before`. Also then its value must be good.
    fn take(
        &self,
        word: &[u8],
        place: &Place,
        config: &mut C,
        given: &mut Vec<Key>,
        before: &[Key],
    ) -> Result<(), Mistake> {
        let (name, bytes) = at_first(word, b'=');
        let Some(option) = self.options.iter().find(|option| option.name.as_bytes() == name) else {
            return Err(self.unknown(word, name, place));
        };
        let subject = if option.repeats { at_first(bytes, b':').0 } else { b"" };
        let key = (option.name, subject.to_vec());
        if given.contains(&key) {
            return Err(Mistake::Repeated { place: place.clone(), word: shown(word) });
        }
        let value = Value { word, place, form: &option.form, bytes };
        if before.contains(&key) {
            (option.set)(&mut config.clone(), &value)?;
        } else {
            (option.set)(config, &value)?;
        }
        given.push(key);
        Ok(())
    }

    /// Refuses a line of several words whose first one is, or names, an option.
    fn begins_as_none(&self, words: &[Vec<u8>], place: &Place) -> Result<(), Mistake> {
        let Some(word) = words.first().filter(|word| (self.is_option)(word) || !word.contains(&b'=')) else {
            return Ok(());
        };
        match self.named(at_first(word, b'=').0) {
            Some(option) => {
                Err(Mistake::NotAlone { place: place.clone(), word: shown(word), form: option.shown() })
            }
            None => Ok(()),
        }
    }

    /// The option with this name, of those that are documented.
    pub fn named(&self, name: &[u8]) -> Option<&Entry<C>> {
        self.options.iter().find(|option| option.name.as_bytes() == name && option.form.is_documented())
    }

    fn unknown(&self, word: &[u8], name: &[u8], place: &Place) -> Mistake {
        let mut documented: Vec<&Entry<C>> =
            self.options.iter().filter(|option| option.form.is_documented()).collect();
        documented.sort_by_key(|option| option.name);
        let near = nearest(name, documented.iter().map(|option| option.name));
        let near = near.and_then(|name| documented.iter().find(|option| option.name == name));
        Mistake::Unknown {
            place: place.clone(),
            word: shown(word),
            nearest: near.map(|option| option.shown()),
            known: documented.iter().map(|option| option.shown()).collect::<Vec<_>>().join(" "),
        }
    }

    /// Those of these words that would be options before the others: perhaps they were meant to be.
    pub fn late_options<'a>(&self, words: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        words.into_iter().filter(|word| self.is_known(word)).map(shown).collect()
    }

    /// Whether the word would be one of these options if it stood before the others.
    #[must_use]
    pub fn is_known(&self, word: &[u8]) -> bool {
        let (name, _) = at_first(word, b'=');
        name.len() < word.len() && self.options.iter().any(|option| option.name.as_bytes() == name)
    }
}

/// The path, if the word is the option that names the file.
fn names_file(word: &[u8]) -> Option<&[u8]> {
    word.strip_prefix(OPTIONS_FILE.as_bytes())?.strip_prefix(b"=")
}

/// What is left and right of the first such byte.
fn at_first(bytes: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|byte| *byte == separator).unwrap_or(bytes.len());
    (&bytes[..at], bytes.get(at + 1..).unwrap_or_default())
}

#[cfg(test)]
#[path = "grammar_tests.rs"]
mod tests;
