//! Files, and marked parts of files, that are made from what the code declares: documents, pages, completions.
//!
//! A package that declares something has one list of [`Generated`] and one test that passes it to
//! [`write_or_compare`]. The test's name begins with `generated`, and the package stands in `GENERATING` of the Makefile.
//! `make generate` writes them all, every other run of the test compares.

use std::fs;
use std::path::{Path, PathBuf};

/// Set to write instead of compare.
const UPDATE: &str = "UPDATE_GENERATED";

/// A file, or a part of one, and what makes it.
#[derive(Debug)]
pub struct Generated {
    file: &'static str,
    part: Option<&'static str>,
    text: fn() -> String,
}

impl Generated {
    /// All of a file; its name is that below the project's directory.
    pub const fn file(file: &'static str, text: fn() -> String) -> Self {
        Generated { file, part: None, text }
    }

    /// What stands in a file between the marks of this name; see [`marks`].
    pub const fn part(file: &'static str, part: &'static str, text: fn() -> String) -> Self {
        Generated { file, part: Some(part), text }
    }

    /// The file as it should be, of what it is.
    fn wanted(&self, kept: &str) -> String {
        let text = (self.text)();
        let Some(part) = self.part else { return text };
        put_between(kept, &marks(self.file, part), &text)
            .unwrap_or_else(|error| panic!("{}: {error}", self.file))
    }

    /// What is wrong with the file; it is written first if that is wanted.
    fn mistake(&self, update: bool) -> Option<String> {
        let path = root().join(self.file);
        let kept = fs::read_to_string(&path).unwrap_or_default();
        let wanted = self.wanted(&kept);
        if kept == wanted {
            return None;
        }
        if update {
            let directory = path.parent().unwrap_or(&path);
            let written = fs::create_dir_all(directory).and_then(|()| fs::write(&path, &wanted));
            written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            return None;
        }
        let (line, is, should) = first_difference(&kept, &wanted);
        let file = self.file;
        Some(format!("{file}:{line}: is not what is declared\n  is:     {is}\n  should: {should}"))
    }
}

/// Fails if a file is not what its function makes; with `UPDATE_GENERATED=1` writes it instead.
///
/// # Panics
/// If a file differs, cannot be written or has not the marks of its part.
pub fn write_or_compare(list: &[Generated]) {
    let update = std::env::var_os(UPDATE).is_some();
    let mistakes: Vec<String> = list.iter().filter_map(|one| one.mistake(update)).collect();
    assert!(mistakes.is_empty(), "{}\nrun: make generate", mistakes.join("\n"));
}

/// The lines before and after a part, as a comment of the file's language: `<!-- generated: NAME -->` and
/// `<!-- end: NAME -->` in Markdown, `; generated: NAME` and `; end: NAME` in a page's source, with `#` elsewhere.
pub fn marks(file: &str, part: &str) -> [String; 2] {
    let (open, close) = match Path::new(file).extension().and_then(|ending| ending.to_str()) {
        Some("md") => ("<!-- ", " -->"),
        Some("scd") => ("; ", ""),
        _ => ("# ", ""),
    };
    ["generated", "end"].map(|word| format!("{open}{word}: {part}{close}\n"))
}

fn put_between(kept: &str, [begin, end]: &[String; 2], text: &str) -> Result<String, String> {
    let missing = |mark: &str| format!("the line '{}' is missing", mark.trim_end());
    let (before, rest) = kept.split_once(begin.as_str()).ok_or_else(|| missing(begin))?;
    let (_, after) = rest.split_once(end.as_str()).ok_or_else(|| missing(end))?;
    // The second one would never be compared.
    if after.contains(begin.as_str()) {
        return Err(format!("the line '{}' is there twice", begin.trim_end()));
    }
    Ok(format!("{before}{begin}{text}{end}{after}"))
}

/// The number of the first line that differs, and it in both.
fn first_difference<'t>(kept: &'t str, wanted: &'t str) -> (usize, &'t str, &'t str) {
    let (mut kept, mut wanted) = (kept.lines(), wanted.lines());
    for number in 1.. {
        match (kept.next(), wanted.next()) {
            (None, None) => return (number, "", ""),
            (one, other) if one != other => {
                return (number, one.unwrap_or("(end)"), other.unwrap_or("(end)"));
            }
            _ => {}
        }
    }
    (0, "", "")
}

/// The project's directory.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_put_between_its_marks_and_nothing_else_changes() {
        let marks = marks("a.md", "x");
        let kept = "a\n<!-- generated: x -->\nold\n<!-- end: x -->\nb\n";
        assert_eq!(
            put_between(kept, &marks, "new\n").unwrap(),
            "a\n<!-- generated: x -->\nnew\n<!-- end: x -->\nb\n"
        );
        let error = put_between("a\n<!-- generated: x -->\n", &marks, "new\n").unwrap_err();
        assert_eq!(error, "the line '<!-- end: x -->' is missing");
        let error = put_between(&kept.repeat(2), &marks, "new\n").unwrap_err();
        assert_eq!(error, "the line '<!-- generated: x -->' is there twice");
    }

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), (2, "b", "c"));
        assert_eq!(first_difference("a\n", "a\nc\n"), (2, "(end)", "c"));
    }

    #[test]
    fn a_file_that_differs_is_named_with_the_line() {
        let said = Generated::file("LICENSE-MIT", || String::from("all yours\n")).mistake(false).unwrap();
        assert!(
            said.contains("LICENSE-MIT:1: is not what is declared") && said.contains("all yours"),
            "{said}"
        );
    }
}
