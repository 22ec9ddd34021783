//! The manual pages: made from their sources, they are clean, and that of the command has the options of its help.
//!
//! The options of the plugins are compared beside the code that reads them (`config_tests.rs`).

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use harness::scratch::Scratch;
use harness::{command, man_page, plugin};

const PAGES: [&str; 4] =
    ["cargo-ovpn-plugin.1", "openvpn-plugin-auth-pam.8", "openvpn-plugin-down-root.8", "ovpn-plugin.1"];

/// Makes a page below `scratch`.
fn build(scratch: &Scratch, page: &str, at: &str) -> String {
    let to = scratch.path().display().to_string();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/man/build");
    let output = Command::new(&script).args([&to, page]).env("SOURCE_DATE_EPOCH", at).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    assert!(output.status.success(), "{page}: {}", String::from_utf8_lossy(&output.stderr));
    scratch.join(page).display().to_string()
}

#[test]
fn mandoc_has_nothing_to_say() {
    let scratch = Scratch::new();
    for page in PAGES {
        let output = command::try_run("mandoc", &["-Tlint", &build(&scratch, page, "1700000000")]);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() && said.is_empty(), "{page}: {said}");
    }
}

#[test]
fn no_page_is_missing_and_none_is_made_twice_differently() {
    let directory = man_page::source(PAGES[0]).with_file_name("");
    let found: BTreeSet<String> = std::fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{error}"))
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".scd").map(String::from))
        .collect();
    assert_eq!(found, PAGES.map(String::from).into());
    let scratch = Scratch::new();
    for page in PAGES {
        let read = |at| std::fs::read_to_string(build(&scratch, page, at)).expect("the page");
        let first = read("1700000000");
        assert_eq!(first, read("1700000000"));
        assert!(first.contains("2023-11-14"), "{page} does not take its date from SOURCE_DATE_EPOCH");
    }
}

/// A terminal has 80 columns. A `plugin` line stays one line, since it is copied.
#[test]
fn lines_fit_a_terminal_and_each_page_leads_on() {
    for page in PAGES {
        let text =
            std::fs::read_to_string(man_page::source(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        for (number, line) in text.lines().enumerate() {
            assert!(line.len() <= 80 || line.starts_with("plugin /"), "{page}:{}: {line}", number + 1);
        }
        let (_, see_also) = text.split_once("# SEE ALSO\n").expect(page);
        let others = PAGES
            .iter()
            .filter(|other| **other != page && (!other.starts_with("cargo-") || page.starts_with("ovpn-")));
        for other in others {
            let (name, section) = other.rsplit_once('.').expect("a section");
            assert!(see_also.contains(&format!("*{name}*({section})")), "{page} does not name {other}");
        }
        assert!(see_also.contains("/usr/share/doc/openvpn-plugins-rs"), "{page} does not name the documents");
    }
}

/// What the command prints.
fn help(words: &[&str]) -> String {
    let help = command::run(&plugin::built("ovpn-plugin").display().to_string(), words);
    String::from_utf8_lossy(&help.stdout).into_owned()
}

/// A line of options without the name of its value: `-u, --user NAME` is `-u, --user`.
fn without_value(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().take_while(|word| word.starts_with('-')).collect();
    words.join(" ")
}

/// The options of all commands together; the text comes from the same source as `--help` (a test of the command's).
#[test]
fn the_commands_options_are_those_of_its_help() {
    let mut options = BTreeSet::new();
    for command in man_page::terms("ovpn-plugin.1", "COMMANDS").iter().map(String::as_str).chain([""]) {
        let words: Vec<&str> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let help = help(&words);
        // Words of a folded text stand further to the right.
        let lines = help.lines().filter(|line| line.starts_with("  -") || line.starts_with("      --"));
        options.extend(lines.map(without_value));
    }
    assert!(options.contains("-u, --user") && options.contains("--client"), "{options:?}");
    let page: BTreeSet<String> =
        man_page::terms("ovpn-plugin.1", "OPTIONS").iter().map(|line| without_value(line)).collect();
    assert_eq!(page, options);
}

/// Its commands and exit statuses are those of `--help`, too.
#[test]
fn the_commands_other_lists_are_those_of_its_help() {
    let help = help(&["--help"]);
    for (section, heading) in [("COMMANDS", "Commands:"), ("EXIT STATUS", "Exit status:")] {
        let lines =
            help.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| !line.is_empty());
        let listed: Vec<&str> = lines
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            // Which is `--help` as well.
            .filter(|word| *word != "help")
            .collect();
        assert_eq!(man_page::terms("ovpn-plugin.1", section), listed, "{section}");
    }
}
