//! What users read: Markdown, sources of manual pages, and what `--help` prints. Whole configurations, as of the examples, are
//! started whole (`sdk/whole_configurations.rs`).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use harness::generated::root;
use harness::{command, plugin};

/// Something that is read.
pub(crate) struct Document {
    /// Its path below the project, or the command that prints it.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// All of them.
pub(crate) fn all() -> Vec<Document> {
    let mut files = Vec::new();
    below(&root(), &mut files);
    let mut documents: Vec<Document> = files
        .into_iter()
        .map(|file| Document {
            text: fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())),
            name: file.strip_prefix(root()).expect("below it").display().to_string(),
        })
        .collect();
    assert!(documents.len() > 40, "only {} files are found", documents.len());
    documents.extend(help("ovpn-plugin", &plugin::built("ovpn-plugin")));
    let target = plugin::target_directory();
    plugin::cargo_build(&["--package=cargo-ovpn-plugin"], &target);
    documents.extend(help("cargo-ovpn-plugin", &target.join("debug/cargo-ovpn-plugin")));
    documents
}

fn below(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type().expect("a kind").is_dir() {
            if name != "target" && !name.starts_with('.') {
                below(&path, found);
            }
        } else if [".md", ".scd"].iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

/// The help of a program and of each of its commands.
fn help(name: &str, file: &Path) -> Vec<Document> {
    let ask = |words: &[&str]| {
        let output = command::run(&file.display().to_string(), words);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = ask(&["--help"]);
    let commands = text.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<String> = commands
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(String::from))
        .filter(|word| word != "help")
        .collect();
    assert!(commands.len() > 1, "{name}: no commands: {text}");
    let mut all = vec![Document { name: format!("{name} --help"), text }];
    all.extend(
        commands
            .iter()
            .map(|one| Document { name: format!("{name} {one} --help"), text: ask(&[one, "--help"]) }),
    );
    all
}

/// Where `make install` puts plugins, examples included.
pub(crate) fn installed_plugins() -> BTreeSet<String> {
    let mut make = Command::new("make");
    make.args(["-s", "list-files", "INSTALL_EXAMPLES=1"]).current_dir(root());
    for name in ["PREFIX", "PLUGINDIR", "DESTDIR", "MAKEFLAGS", "MAKEOVERRIDES"] {
        make.env_remove(name);
    }
    let output = make.output().expect("make runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let files = text.lines().filter_map(|line| line.split_whitespace().nth(1));
    files.filter(|file| file.ends_with(".so")).map(String::from).collect()
}
