//! The tests that pages name as proof are there: a promise whose test was renamed or removed is one that nobody keeps.

use std::fs;

use harness::generated::root;

use crate::markdown::text;

/// A page with fewer items has another form than the one that is looked for.
const PAGES: [(&str, usize); 2] = [("docs/cve.md", 30), ("SECURITY.md", 20)];

/// What stands in backticks in each item of a list that begins with it: a file and tests in it, or a command.
fn proofs(page: &str) -> Vec<Vec<String>> {
    let mut items: Vec<String> = Vec::new();
    for line in page.lines() {
        match (line.trim_start().strip_prefix("* "), items.last_mut()) {
            (Some(text), _) => items.push(text.to_owned()),
            (None, Some(item)) if line.starts_with(' ') => *item += line,
            // Between lists.
            _ => items.push(String::new()),
        }
    }
    let names = |item: &String| item.split('`').skip(1).step_by(2).map(String::from).collect();
    items.iter().filter(|item| item.starts_with('`')).map(names).collect()
}

/// Whether the source has a test of this name: a function, a case of a table, or a line of a macro that makes them.
fn has(source: &str, name: &str) -> bool {
    [format!("fn {name}("), format!("\"{name}\""), format!("    {name}: \"")]
        .iter()
        .any(|form| source.contains(form))
}

/// What is wrong with an item.
fn missing(proof: &[String]) -> Vec<String> {
    let Some((first, names)) = proof.split_first() else { return Vec::new() };
    if let Some(target) = first.strip_prefix("make ") {
        let makefile = text("Makefile");
        let mut rules = makefile.lines().filter_map(|line| line.split_once(':'));
        let is_there = rules.any(|(targets, _)| targets.split(' ').any(|one| one == target));
        return if is_there { Vec::new() } else { vec![format!("there is no {first}")] };
    }
    let Ok(source) = fs::read_to_string(root().join(first)) else {
        return vec![format!("there is no {first}")];
    };
    let missing = names.iter().filter(|name| !has(&source, name));
    missing.map(|name| format!("{first} has no test {name}")).collect()
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let mut wrong = Vec::new();
    for (page, least) in PAGES {
        let proofs = proofs(&text(page));
        assert!(proofs.len() >= least, "{page}: only {} are found", proofs.len());
        for proof in &proofs {
            if proof.len() < 2 && !proof[0].starts_with("make ") {
                wrong.push(format!("{page}: {}: which test?", proof[0]));
            }
            wrong.extend(missing(proof).into_iter().map(|what| format!("{page}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A hole is shown by a test, or the page says why none of ours can show it.
#[test]
fn every_hole_has_a_test_or_says_why_not() {
    let page = text("docs/cve.md");
    let holes: Vec<&str> = page.split("\n### ").skip(1).collect();
    assert!(holes.len() > 15, "{}", holes.len());
    for hole in holes {
        let title = hole.lines().next().unwrap_or_default();
        for part in ["* What: ", "* Hit: "] {
            assert!(hole.contains(&format!("\n{part}")), "{title}: no {part}");
        }
        let says_why = hole.contains("\n* No test: ");
        assert!(says_why || hole.contains("\n* Tests:\n"), "{title}: neither tests nor why not");
        assert!(says_why || !proofs(hole).is_empty(), "{title}: names no test");
    }
}

#[test]
fn what_is_missing_is_found() {
    let page = "# A\n\n* `docs/cve.md`: `a`,\n  `b c`\n* `make x`\n* text `d`\n\ntext `e`\n  * `f`\n";
    assert_eq!(proofs(page), [vec!["docs/cve.md", "a", "b c"], vec!["make x"], vec!["f"]]);
    for (name, is_there) in
        [("one", true), ("two: of it", true), ("three", true), ("on", false), ("four", false)]
    {
        let source = "fn one() {}\n(\"two: of it\")\n    three: \"x\"\n// four: one";
        assert_eq!(has(source, name), is_there, "{name}");
    }
    assert_eq!(missing(&["make nothing".into()]), ["there is no make nothing"]);
    assert_eq!(missing(&["Makefile".into(), "nothing".into()]), ["Makefile has no test nothing"]);
}
