//! A recipe as an administrator reads it: sections, and in them indented blocks, each under a line that says what the
//! block is.
//!
//! * "`/path`": a file, of root's and readable by everybody unless the line says `mode 0NNN`;
//! * "As root:": commands;
//! * "`server.conf`", "`client.conf`": lines to be added there;
//! * "OpenVPN's log:", "The system log:", "The client's log:": what is seen there; `...` stands for anything.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use harness::{Machine, command};

/// The sections whose subsections are cases.
const CASES: [&str; 3] = ["When it works", "When it does not", "What changes in the logs"];

/// A recipe.
#[derive(Debug)]
pub(crate) struct Document {
    name: String,
    blocks: Vec<Block>,
}

/// An indented block.
#[derive(Debug)]
pub(crate) struct Block {
    section: String,
    case: String,
    /// The line above it.
    pub(crate) title: String,
    /// Its lines, without the indentation.
    pub(crate) lines: Vec<String>,
    used: Cell<bool>,
}

/// A file of the project.
fn project(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Document {
    /// The recipe `docs/recipes/NAME.md`.
    pub(crate) fn recipe(name: &str) -> Self {
        Self::read(&format!("docs/recipes/{name}.md"))
    }

    /// The document at this path of the project.
    pub(crate) fn read(path: &str) -> Self {
        Self { name: path.to_string(), blocks: blocks(&project(path)) }
    }

    /// Does what a section says: writes its files and runs its commands, in their order.
    pub(crate) fn set_up(&self, machine: &Machine, section: &str) {
        self.set_up_with(machine, section, &[]);
    }

    /// The same where the recipe's addresses or names (the first of each pair) have to be others. Returns what the
    /// commands said on standard error.
    pub(crate) fn set_up_with(&self, machine: &Machine, section: &str, others: &[(&str, &str)]) -> String {
        let (mut done, mut said) = (0, String::new());
        for block in self.blocks.iter().filter(|block| block.section == section && block.case.is_empty()) {
            let text: String = block.lines.iter().map(|line| format!("{line}\n")).collect();
            let text = others.iter().fold(text, |text, (theirs, here)| text.replace(theirs, here));
            if let Some(path) = block.title.strip_prefix('`').filter(|rest| rest.starts_with('/')) {
                let (path, about) = path.split_once('`').unwrap_or((path, ""));
                machine.write(path, text, mode(about));
            } else if block.title.starts_with("As root") {
                said += &run(machine, &text);
            } else {
                continue;
            }
            block.used.set(true);
            done += 1;
        }
        assert!(done > 0, "{}: nothing to do in section '{section}'", self.name);
        said
    }

    /// The lines a section wants in `server.conf` or `client.conf`.
    pub(crate) fn conf(&self, section: &str, file: &str) -> Vec<String> {
        self.quoted(section, &format!("`{file}`"))
    }

    /// The lines of the block with a title that begins so.
    pub(crate) fn quoted(&self, section: &str, title: &str) -> Vec<String> {
        let found =
            self.blocks.iter().find(|block| block.section == section && block.title.starts_with(title));
        let found = found.unwrap_or_else(|| panic!("{}: no {title} in section '{section}'", self.name));
        found.used.set(true);
        found.lines.clone()
    }

    /// The blocks of a case.
    pub(crate) fn case(&self, name: &str) -> Vec<&Block> {
        let is_case = |block: &&Block| CASES.contains(&block.section.as_str()) && block.case == name;
        let found: Vec<&Block> = self.blocks.iter().filter(is_case).collect();
        assert!(!found.is_empty(), "{}: no case '{name}'", self.name);
        found.iter().for_each(|block| block.used.set(true));
        found
    }

    /// Panics unless every block was used: a recipe says nothing that was not tried.
    pub(crate) fn all_tried(&self) {
        let left: Vec<_> = self.blocks.iter().filter(|block| !block.used.get()).collect();
        assert!(left.is_empty(), "{}: not tried: {left:#?}", self.name);
    }
}

fn mode(about: &str) -> u32 {
    let Some((_, rest)) = about.split_once("mode ") else { return 0o644 };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    u32::from_str_radix(&digits, 8).unwrap_or_else(|_| panic!("no mode: {about}"))
}

/// Runs commands on a machine; what is to be installed with apt must be there already, by the list of the tests.
fn run(machine: &Machine, text: &str) -> String {
    // Daemons are started by the test: the machine has no init.
    let lines = text.lines().filter(|line| !line.starts_with("systemctl "));
    let (apt, other): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("apt install "));
    let listed = project("tests/install-deps");
    let words = apt.iter().flat_map(|line| line.split_whitespace().skip(2));
    for package in words.filter(|word| !word.starts_with('-')) {
        assert!(listed.contains(package), "{package} is not in tests/install-deps");
        command::run("dpkg-query", &["-W", package]);
    }
    let script: String = other.iter().map(|line| format!("{line}\n")).collect();
    String::from_utf8_lossy(&machine.run(&script).stderr).into_owned()
}

fn blocks(text: &str) -> Vec<Block> {
    let (mut section, mut case, mut title) = (String::new(), String::new(), String::new());
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(code) = line.strip_prefix("    ") {
            if !inside {
                let (section, case, title) = (section.clone(), case.clone(), title.clone());
                blocks.push(Block { section, case, title, lines: Vec::new(), used: Cell::new(false) });
                inside = true;
            }
            if let Some(block) = blocks.last_mut() {
                block.lines.push(code.to_string());
            }
        } else if let Some(heading) = line.strip_prefix("### ") {
            (case, inside) = (heading.to_string(), false);
        } else if let Some(heading) = line.strip_prefix("## ") {
            (section, case, inside) = (heading.to_string(), String::new(), false);
        } else if !line.is_empty() {
            (title, inside) = (line.to_string(), false);
        } else if let Some(block) = blocks.last_mut().filter(|_| inside) {
            block.lines.push(String::new());
        }
    }
    for block in &mut blocks {
        while block.lines.last().is_some_and(String::is_empty) {
            block.lines.pop();
        }
    }
    blocks
}

/// Whether a line of a log is what a recipe quotes: the pieces between `...` occur in it in their order.
pub(crate) fn matches(line: &str, quoted: &str) -> bool {
    let mut rest = line;
    quoted.split("...").map(str::trim).all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

#[test]
fn blocks_are_found_under_their_titles() {
    let text = "# A\n\n## Set up\n\n`/etc/x` (mode 0600):\n\n    one\n\n    two\n\n`server.conf`:\n\n    line\n\n\
                ## When it does not\n\n### Wrong\n\nOpenVPN's log:\n\n    no\n";
    let blocks = blocks(text);
    let seen: Vec<_> = blocks
        .iter()
        .map(|b| (b.section.as_str(), b.case.as_str(), b.title.as_str(), b.lines.join("|")))
        .collect();
    assert_eq!(
        seen,
        [
            ("Set up", "", "`/etc/x` (mode 0600):", "one||two".to_string()),
            ("Set up", "", "`server.conf`:", "line".to_string()),
            ("When it does not", "Wrong", "OpenVPN's log:", "no".to_string()),
        ]
    );
    assert_eq!(mode("(mode 0600):"), 0o600);
    assert!(matches("user 'x' failed: Bad thing (1)", "user ... failed: ... thing"));
    assert!(!matches("user 'x' failed: Bad", "failed: ... user"));
}

/// Panics unless the documents in this directory of docs, but for its README, are those with these names.
pub(crate) fn all_are_followed(directory: &str, names: &[&str]) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(directory);
    let mut files: Vec<String> = std::fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != "README.md")
        .collect();
    let mut followed: Vec<String> = names.iter().map(|name| format!("{name}.md")).collect();
    files.sort();
    followed.sort();
    assert_eq!(files, followed);
}
