//! The table of what the fuzzers have run, from `figures.txt`, which `make fuzz RECORD=1` keeps.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use harness::generated::{Generated, root, write_or_compare};

const FIGURES: &str = "tests/corpus/figures.txt";

/// The fields of each line.
fn figures() -> Vec<[String; 6]> {
    let text = fs::read_to_string(root().join(FIGURES)).expect("the figures");
    let fields = |line: &str| {
        let fields: Vec<String> = line.split(" | ").map(str::to_owned).collect();
        fields.try_into().unwrap_or_else(|_| panic!("{FIGURES}: {line}"))
    };
    text.lines().map(fields).collect()
}

/// `1234567` as `1,234,567`.
fn in_thousands(number: &str) -> String {
    let mut shown = String::new();
    for (place, digit) in number.chars().enumerate() {
        if place > 0 && (number.len() - place) % 3 == 0 {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

fn table() -> String {
    let mut text = "| target | gets | executions | on | found |\n|---|---|---:|---|---|\n".to_owned();
    for [place, target, gets, executions, date, found] in figures() {
        let place = place.rsplit('/').next().unwrap_or_default().to_owned();
        let executions = in_thousands(&executions);
        let _ = writeln!(text, "| {place} `{target}` | {gets} | {executions} | {date} | {found} |");
    }
    text
}

#[test]
fn generated_table_of_what_the_fuzzers_have_run() {
    write_or_compare(&[Generated::part("SECURITY.md", "fuzzing", table)]);
}

#[test]
fn every_target_has_its_figures() {
    let named: BTreeSet<String> =
        figures().into_iter().map(|[place, target, ..]| format!("{place} {target}")).collect();
    let mut built = BTreeSet::new();
    for kind in ["crates", "plugins"] {
        for place in fs::read_dir(root().join(kind)).expect("a directory").flatten() {
            let targets =
                fs::read_dir(place.path().join("fuzz/fuzz_targets")).into_iter().flatten().flatten();
            let place = format!("{kind}/{}", place.file_name().to_string_lossy());
            let stem = |file: &Path| file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            built.extend(targets.filter_map(|file| Some(format!("{place} {}", stem(&file.path())?))));
        }
    }
    assert_eq!(named, built);
}

#[test]
fn numbers_are_shown_in_thousands() {
    for (number, shown) in [("7", "7"), ("999", "999"), ("1000", "1,000"), ("1234567", "1,234,567")] {
        assert_eq!(in_thousands(number), shown);
    }
}
