//! docs/migration.md names, for each difference, the cases that show it. Both ways: no difference without a row, no row
//! without a case.

use std::path::Path;

/// What is wrong with the rows of a section, given the names of the cases in which the plugins differ; empty if nothing.
pub fn complaints(section: &str, differing: &[&str]) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/migration.md");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    compare(&rows(&text, section), differing)
}

/// What begins the names of the cases of a difference, after the difference itself, the other behaviour and the reason.
const CASES: &str = "\n  * case: ";

/// The cases of a section's differences, as they stand there. A difference without any is an empty text.
fn rows(text: &str, section: &str) -> Vec<String> {
    let rest = text.split_once(&format!("\n## {section}\n")).map_or("", |(_, rest)| rest);
    let own = rest.split_once("\n## ").map_or(rest, |(own, _)| own);
    let differences = own.split("\n* C: ").skip(1);
    let cases = differences.map(|one| one.split_once(CASES).map_or("", |(_, cases)| cases));
    let cases = cases.map(|cases| cases.split_once("\n\n").map_or(cases, |(cases, _)| cases));
    // A long list goes on in the next line.
    cases.map(|cases| cases.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// What stands between backquotes.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn compare(rows: &[String], differing: &[&str]) -> Vec<String> {
    let mut complaints = Vec::new();
    if rows.is_empty() {
        complaints.push("the guide has no such section".to_string());
    }
    for cell in rows.iter().filter(|cell| names(cell).is_empty()) {
        complaints.push(format!("a row of the guide names no case: {cell}"));
    }
    let named: Vec<&str> = rows.iter().flat_map(|cell| names(cell)).collect();
    for name in &named {
        if !differing.contains(name) {
            complaints.push(format!("the guide names '{name}', in which the plugins do not differ"));
        }
        if named.iter().filter(|other| *other == name).count() > 1 {
            complaints.push(format!("the guide names '{name}' twice"));
        }
    }
    for name in differing.iter().filter(|name| !named.contains(name)) {
        complaints.push(format!("the guide does not tell of '{name}'"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_is_found() {
        let text = "\n## A\n\n* C: x\n  * why: y\n  * case: `a`, `b: c,\n    d`\n* C: z\n  * case: none\n\nText with `e`.\n\n\
                    ## B\n\n* C: u\n  * case: `z`\n";
        let rows = rows(text, "A");
        assert_eq!(rows, ["`a`, `b: c, d`", "none"]);
        let found = compare(&rows, &["a", "e"]).join("\n");
        for part in ["names no case: none", "'b: c, d', in which", "does not tell of 'e'"] {
            assert!(found.contains(part), "{found}");
        }
        assert_eq!(compare(&["`a`".into(), "`a`".into()], &["a"]).len(), 2);
        assert!(!compare(&[], &[]).is_empty());
    }
}
