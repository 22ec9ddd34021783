//! What documents say of other parts of the project is there.

use std::fs;

use packages::built::files;
use packages::project;

/// The table of docs/performance.md says which figure of `make bench` each of its own comes from: the row and the figure have these names.
#[test]
fn the_rows_that_the_document_names_are_those_of_the_bench() {
    let sources: String = files(&project().join("tests/bench/src"))
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .collect();
    let text = fs::read_to_string(project().join("docs/performance.md")).expect("docs/performance.md");
    let (_, table) = text.split_once("| by the row of `make bench` |").expect("the table");
    let rows: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 4, "{rows:?}");
    for name in rows.iter().map(|row| row.split('`').nth(1).unwrap_or_default()) {
        let parts = name.split(": ");
        let missing: Vec<&str> = parts.filter(|part| !sources.contains(&format!("\"{part}\""))).collect();
        assert!(missing.is_empty() && !name.is_empty(), "{name:?}: `make bench` has no {missing:?}");
    }
}
