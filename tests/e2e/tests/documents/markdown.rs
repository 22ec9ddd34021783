//! What is read of Markdown: its prose apart from its code, links, headings.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use harness::generated::root;

/// All Markdown files of the project, by their place below its directory.
pub(crate) fn files() -> Vec<String> {
    let (mut found, mut left) = (Vec::new(), vec![root()]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).expect("a directory").flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if entry.file_type().expect("a kind").is_dir() {
                if name != "target" && !name.as_encoded_bytes().starts_with(b".") {
                    left.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "md") {
                let place = path.strip_prefix(root()).expect("below it");
                found.push(place.to_str().expect("UTF-8").to_owned());
            }
        }
    }
    found.sort();
    assert!(found.len() > 40, "only {} are found", found.len());
    found
}

pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The lines that are no code, each with its number.
pub(crate) fn prose(text: &str) -> Vec<(usize, &str)> {
    let (mut is_fenced, mut is_list, mut after_blank) = (false, false, true);
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") {
            is_fenced = !is_fenced;
            continue;
        }
        let indent = line.len() - trimmed.len();
        if is_fenced {
            continue;
        }
        if trimmed.is_empty() {
            after_blank = true;
            continue;
        }
        is_list = is_item(trimmed) && indent < 4 || is_list && indent > 0;
        // Within an item, code is indented further.
        let is_code = indent >= if is_list { 6 } else { 4 } && (after_blank || !is_list);
        if !is_code {
            after_blank = false;
            lines.push((number + 1, line));
        }
    }
    lines
}

fn is_item(line: &str) -> bool {
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with("* ") || line.starts_with("- ") || number.len() < line.len() && number.starts_with(". ")
}

/// The text without what stands in backticks.
pub(crate) fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("")
}

/// Where the links of a line lead, pictures included, and those of a line that defines one: `[name]: there`.
pub(crate) fn links(line: &str) -> Vec<String> {
    let line = without_code(line);
    let mut found: Vec<String> =
        line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next().map(String::from)).collect();
    if let Some((_, place)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
        found.extend(place.split_whitespace().next().map(String::from));
    }
    found
}

/// The anchors of a page, as GitHub and mdBook make them of its headings.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let headings = prose(text).into_iter().filter(|(_, line)| line.starts_with('#'));
    headings
        .map(|(_, line)| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
            let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
            let count = seen.entry(anchor.clone()).and_modify(|count| *count += 1).or_insert(0);
            if *count == 0 { anchor } else { format!("{anchor}-{count}") }
        })
        .collect()
}

/// The place that a relative link of this file leads to, below the project's directory.
pub(crate) fn resolved(file: &str, link: &str) -> PathBuf {
    let mut place = Path::new(file).parent().map(Path::to_owned).unwrap_or_default();
    for part in Path::new(link).components() {
        match part {
            std::path::Component::ParentDir => {
                assert!(place.pop(), "{file}: {link} leads out of the project")
            }
            std::path::Component::CurDir => {}
            part => place.push(part),
        }
    }
    place
}

#[test]
fn code_is_no_prose_and_names_of_anchors_are_those_of_github() {
    let text = "# A `b=c`, d\n\n    [code](x)\n\n* item\n  goes on\n\n      code\n\n```\nfenced\n```\n## A b\n## A b\n";
    let lines: Vec<&str> = prose(text).into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, ["# A `b=c`, d", "* item", "  goes on", "## A b", "## A b"]);
    assert_eq!(anchors(text), ["a-bc-d", "a-b", "a-b-1"]);
    assert_eq!(links("a [b](c.md#d) `[e](f)` ![g](h.png)"), ["c.md#d", "h.png"]);
    assert_eq!(links("[b 1]: https://x"), ["https://x"]);
    assert_eq!(resolved("docs/a/b.md", "../../c.md"), Path::new("c.md"));
}
