//! The reference document of declared messages, in Markdown.

use std::fmt::Write;
use std::path::Path;

use super::{Field, Shape};

/// A document: title and introduction, then each direction with its message, then the types that these hold.
pub fn document(introduction: &str, directions: &[(&str, Shape)]) -> String {
    let mut text = introduction.to_string();
    let mut known = vec![];
    for (direction, shape) in directions {
        let _ = writeln!(text, "\n## {direction}\n");
        table(&mut text, shape);
        known.push(name(shape));
    }
    let mut parts = vec![];
    directions.iter().for_each(|(_, shape)| collect(shape, &mut parts));
    for part in parts {
        if !known.contains(&name(&part)) {
            known.push(name(&part));
            let _ = writeln!(text, "\n### {}\n", name(&part));
            table(&mut text, &part);
        }
    }
    text
}

/// Compares the document `docs/reference/NAME` with the declarations; with `UPDATE_GENERATED=1` in the environment it is
/// written instead.
///
/// # Panics
/// If they differ.
pub fn compare(name: &str, introduction: &str, directions: &[(&str, Shape)]) {
    let made = document(&format!("{introduction}{NOTE}"), directions);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &made).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == made, "{name} is out of date: run this test with UPDATE_GENERATED=1\n{made}");
}

/// What stands in each document after its introduction.
const NOTE: &str = "
Numbers are little-endian. A length or count takes two bytes if its bound fits into them, else four.
*Bytes* is the most that a field or message takes, with its length. *Text* has no NUL. Anything else
is refused: an unknown tag or number, a field over its bound, bytes left over, a message cut short.
This page is made from the declarations in the code.
";

/// The named types in a shape, each before those that it holds.
fn collect(shape: &Shape, all: &mut Vec<Shape>) {
    match shape {
        Shape::Option(of) | Shape::List { of, .. } => collect(of, all),
        Shape::Struct { fields, .. } => {
            all.push(*shape);
            fields.iter().for_each(|field| collect(field.shape, all));
        }
        Shape::Enum { variants, .. } => {
            all.push(*shape);
            variants.iter().flat_map(|it| it.fields).for_each(|field| collect(field.shape, all));
        }
        _ => {}
    }
}

fn name(shape: &Shape) -> &'static str {
    if let Shape::Struct { name, .. } | Shape::Enum { name, .. } = shape { name } else { "" }
}

fn table(text: &mut String, shape: &Shape) {
    let most = shape.max_bytes();
    let _ = writeln!(text, "`{}`, at most {most} byte{}.\n", name(shape), if most == 1 { "" } else { "s" });
    match shape {
        Shape::Enum { variants, .. } => {
            *text += "| tag | field | form | bytes | meaning |\n|---|---|---|---|---|\n";
            for variant in *variants {
                let (tag, name) = (variant.tag, variant.name);
                let bytes = 1 + variant.fields.iter().map(|field| field.shape.max_bytes()).sum::<usize>();
                let _ = writeln!(text, "| {tag} | **{name}** | | {bytes} | {} |", first(variant.doc));
                variant.fields.iter().for_each(|field| row(text, "| ", field));
            }
        }
        Shape::Struct { fields, .. } => {
            *text += "| field | form | bytes | meaning |\n|---|---|---|---|\n";
            fields.iter().for_each(|field| row(text, "", field));
        }
        _ => {}
    }
}

fn row(text: &mut String, before: &str, field: &Field) {
    let (form, bytes) = (form(field.shape), field.shape.max_bytes());
    let _ = writeln!(text, "{before}| `{}` | {form} | {bytes} | {} |", field.name, first(field.doc));
}

fn form(shape: &Shape) -> String {
    match shape {
        Shape::Number { most, what, bytes } if *most == u64::MAX >> (64 - 8 * bytes) => (*what).into(),
        Shape::Number { most, what, .. } => format!("{what}, at most {most}"),
        Shape::Flag => "yes or no".into(),
        Shape::Array { what, .. } => (*what).into(),
        Shape::Bytes { bound, text, secret } => {
            let what = if *text { "text" } else { "bytes" };
            format!("{}{what}, at most {bound}", if *secret { "secret " } else { "" })
        }
        Shape::Option(of) => format!("{}, or nothing", form(of)),
        Shape::List { of, count, bytes } => {
            format!("at most {count} times ({}), together at most {bytes}", form(of))
        }
        Shape::Struct { name, .. } | Shape::Enum { name, .. } => {
            format!("[{name}](#{})", name.to_lowercase())
        }
    }
}

/// The first sentence of a comment, for a reader outside the code.
fn first(doc: &str) -> String {
    let doc = doc.trim();
    let end = doc.find(". ").or(doc.find(".\n")).map_or(doc.len(), |end| end + 1);
    doc[..end].replace("[`", "`").replace("`]", "`").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Encoding, List, Text};

    crate::wire! {
        /// A word.
        struct Word {
            /// The word itself. It is short.
            word: Vec<u8> as Text<9>,
        }
    }

    crate::wire! {
        /// What is said.
        enum Talk {
            /// Some [`Word`]s.
            3 => Words(words: Vec<Word> as List<Word, 2, 20>),
            /// Nothing.
            4 => Nothing,
        }
    }

    #[test]
    fn each_field_is_a_row() {
        assert_eq!(
            document("# Title\n", &[("One to another", Talk::SHAPE)]),
            "# Title\n\n## One to another\n\n`Talk`, at most 23 bytes.\n\n\
             | tag | field | form | bytes | meaning |\n|---|---|---|---|---|\n\
             | 3 | **Words** | | 23 | Some `Word`s. |\n\
             | | `words` | at most 2 times ([Word](#word)), together at most 20 | 22 |  |\n\
             | 4 | **Nothing** | | 1 | Nothing. |\n\
             \n### Word\n\n`Word`, at most 11 bytes.\n\n\
             | field | form | bytes | meaning |\n|---|---|---|---|\n\
             | `word` | text, at most 9 | 11 | The word itself. |\n"
        );
    }
}
