//! Every `plugin` line of every document works when it is copied: a real server is started with it.
//!
//! A line is found wherever the word `plugin` is followed by a file that ends in `.so`, and so is a command
//! `ovpn-plugin ... FILE.so WORD...`; see [`lines`]. Documents are found, not listed; see [`documents`]. The file must be one
//! that `make install` installs, with its whole path: a bare name is the C plugin on many systems.
//!
//! Not started is:
//!
//! * what stands under a heading that begins with "Before": another plugin's line, which the document replaces;
//! * a plugin that the document itself puts there with `install`: its author's own;
//! * in a command, a file below the current directory (`./x.so`, `target/...`), for the same reason.

mod documents;
mod lines;
mod stage;

use std::collections::BTreeMap;
use std::sync::Mutex;

use lines::PluginLine;

/// How many servers start at a time.
const AT_A_TIME: usize = 3;

/// The lines of all documents, each with the places where it stands.
fn all_lines() -> BTreeMap<String, Vec<PluginLine>> {
    let mut all: BTreeMap<String, Vec<PluginLine>> = BTreeMap::new();
    for document in documents::all() {
        for line in lines::of(&document) {
            all.entry(line.text()).or_default().push(line);
        }
    }
    all
}

#[test]
fn each_names_a_file_that_is_installed() {
    let installed = documents::installed_plugins();
    let lines = all_lines();
    let wrong: Vec<String> = lines
        .values()
        .flatten()
        .filter(|line| !installed.contains(&line.file))
        .map(|line| format!("{}: {} is not installed by `make install`", line.place, line.file))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lines.len() > 20, "only {} lines are found", lines.len());
}

#[test]
fn a_server_starts_with_each() {
    let lines: Vec<PluginLine> = all_lines().into_values().filter_map(|mut same| same.pop()).collect();
    let (left, failed) = (Mutex::new(lines.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                let stage = stage::Stage::new(&lines);
                loop {
                    let Some(line) = left.lock().expect("the lines").next() else { return };
                    if let Err(said) = stage.start(line) {
                        let text = format!("{}: {}\n{said}", line.place, line.text());
                        failed.lock().expect("the failures").push(text);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("the failures");
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), lines.len(), failed.join("\n"));
}
