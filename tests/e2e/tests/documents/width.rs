//! Markdown that is written by hand can be read in a terminal: lines end at 100, and a cell of a table holds a phrase.
//!
//! Not counted are code blocks, where a `plugin` line must stay one line, the targets of links, which cannot be broken, and
//! cells that list names.

use crate::markdown::{files, text};

/// How long a line, and a cell of a table, may be.
const WIDTH: usize = 100;

/// The line without the targets of its links: `[text](target)` is `[text]`.
fn without_targets(line: &str) -> String {
    let mut parts = line.split("](");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push(']');
        kept.push_str(part.split_once(')').map_or("", |(_, after)| after));
    }
    kept
}

fn length(text: &str) -> usize {
    without_targets(text).trim().chars().count()
}

/// Whether a cell has nothing but code.
fn is_list_of_names(cell: &str) -> bool {
    cell.split('`').step_by(2).all(|between| between.trim().is_empty())
}

/// The numbers of the lines that are too long, and why.
fn too_long(text: &str) -> Vec<(usize, &'static str)> {
    let (mut wrong, mut fenced, mut generated) = (Vec::new(), false, false);
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if line.starts_with("<!-- generated:") || line.starts_with("<!-- end:") {
            generated = line.starts_with("<!-- generated:");
        }
        let is_code = fenced
            || line.starts_with("    ")
                && line.chars().count() > WIDTH
                && is_after_a_blank_line(text, number);
        if is_code || generated {
            continue;
        }
        if line.starts_with('|') {
            if line.replace("\\|", "/").split('|').any(|cell| length(cell) > WIDTH && !is_list_of_names(cell))
            {
                wrong.push((number + 1, "a cell of a table"));
            }
        } else if line.chars().count() > WIDTH && without_targets(line).chars().count() > WIDTH {
            wrong.push((number + 1, "a line"));
        }
    }
    wrong
}

/// Whether the block of indented lines that this one is in comes after a blank line: then it is code, and otherwise goes on
/// with a list.
fn is_after_a_blank_line(text: &str, number: usize) -> bool {
    let lines: Vec<&str> = text.lines().take(number).collect();
    let above = lines.iter().rev().find(|line| !line.starts_with("    "));
    above.is_none_or(|line| line.trim().is_empty())
}

#[test]
fn lines_end_at_100_and_cells_hold_phrases() {
    let mut wrong = Vec::new();
    for name in files() {
        let text = text(&name);
        // Made from declarations.
        if !name.starts_with("docs/reference/") {
            wrong.extend(too_long(&text).into_iter().map(|(line, what)| format!("{name}:{line}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "longer than {WIDTH} characters:\n{}", wrong.join("\n"));
}

#[test]
fn what_is_too_long_is_found() {
    let long = "word ".repeat(25);
    let link = format!("[a](https://{})", "x".repeat(100));
    let text = format!(
        "# T\n\n{long}\n{link}\n\n    {long}\n\n```\n{long}\n```\n\n* item\n    {long}\n\n| a | {long} |\n\n\
         <!-- generated: x -->\n{long}\n<!-- end: x -->\n"
    );
    assert_eq!(too_long(&text), [(3, "a line"), (13, "a line"), (15, "a cell of a table")]);
}
