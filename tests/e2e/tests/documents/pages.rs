//! The first page is short, and what pages quote of the log is what is logged.

use crate::markdown::text;

/// How many lines the README has at most.
const README_LINES: usize = 130;

#[test]
fn the_readme_is_short_and_begins_with_how_to_try_it() {
    let readme = text("README.md");
    let count = readme.lines().count();
    assert!(count <= README_LINES, "README.md has {count} lines");
    let (_, first) = readme.split_once("\n## ").expect("a heading");
    let commands: Vec<&str> = first.lines().filter(|line| line.starts_with("    make ")).take(2).collect();
    assert!(first.starts_with("Try it\n"), "{first}");
    assert!(
        matches!(commands[..], [demo, test] if demo.starts_with("    make demo ") && test.starts_with("    make test ")),
        "{commands:?}"
    );
}

/// The lines of a log that the table of a page names are declared, but for what stands for something.
#[test]
fn the_lines_of_the_log_that_are_quoted_are_declared() {
    let declared = text("docs/reference/log-lines.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let page = text("docs/down-root.md");
    let (_, table) = page.split_once("| what happens | what to do |").expect("the table");
    let quoted = table
        .lines()
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2));
    // OpenVPN's own.
    let quoted: Vec<&str> = quoted.filter(|line| *line != "plugin call failed").collect();
    assert!(quoted.len() > 2, "{quoted:?}");
    for line in quoted {
        let part = line.trim_end_matches("NAME").split(" '").next().unwrap_or_default().trim();
        assert!(part.len() > 8 && declared.contains(part), "{line}");
    }
}
