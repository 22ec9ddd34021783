//! Every relative link of every page leads to a file that is there, and to a heading that is there.

use std::collections::HashMap;

use harness::generated::root;

use crate::markdown::{anchors, files, links, prose, resolved, text};

/// A page that is made beside what it links to.
const MADE_BESIDE: &str = "packaging/book/api.md";
/// Its links are those of the book, whose pages have the same places as here.
const CONTENTS: &str = "packaging/book/SUMMARY.md";

/// Whether it leads elsewhere: to the network, or, in a page that rustdoc reads too, into its own names.
fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:") || link.contains("::") || link.contains('<')
}

#[test]
fn every_link_leads_somewhere() {
    let mut headings: HashMap<String, Vec<String>> = HashMap::new();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files().into_iter().filter(|file| file != MADE_BESIDE) {
        let text = text(&file);
        for (number, line) in prose(&text) {
            for link in links(line).into_iter().filter(|link| !is_elsewhere(link)) {
                count += 1;
                let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
                let from = if file == CONTENTS { "SUMMARY.md" } else { &file };
                let place = if path.is_empty() { file.clone().into() } else { resolved(from, path) };
                if file == CONTENTS && path == "api.md" {
                    continue;
                }
                let name = place.to_str().expect("UTF-8").to_owned();
                if !root().join(&place).exists() {
                    wrong.push(format!("{file}:{number}: {link}: there is no {name}"));
                } else if !anchor.is_empty() && name.ends_with(".md") {
                    let known = headings
                        .entry(name.clone())
                        .or_insert_with(|| anchors(&crate::markdown::text(&name)));
                    if !known.iter().any(|known| known == anchor) {
                        wrong.push(format!("{file}:{number}: {link}: {name} has no such heading"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 150, "only {count} links are found");
}
