//! The book has every page of the documents, and every page that one of its pages leads to.

use std::collections::BTreeSet;

use crate::markdown::{files, links, prose, resolved, text};

fn in_the_book() -> BTreeSet<String> {
    let summary = text("packaging/book/SUMMARY.md");
    summary.lines().flat_map(links).filter(|page| page != "api.md").collect()
}

#[test]
fn every_document_is_a_page_of_the_book() {
    let pages = in_the_book();
    let missing: Vec<String> =
        files().into_iter().filter(|file| file.starts_with("docs/") && !pages.contains(file)).collect();
    assert!(missing.is_empty(), "not in packaging/book/SUMMARY.md: {missing:?}");
}

#[test]
fn every_page_that_one_leads_to_is_in_the_book() {
    let pages = in_the_book();
    for page in &pages {
        for (number, line) in prose(&text(page)) {
            for link in links(line) {
                let path = link.split('#').next().unwrap_or_default();
                if path.ends_with(".md") && !path.contains("://") {
                    let place = resolved(page, path).to_str().expect("UTF-8").to_owned();
                    assert!(pages.contains(&place), "{page}:{number}: {place} is not in SUMMARY.md");
                }
            }
        }
    }
}
