//! What the documents tell people to write: nothing is found in any of it.

use std::fs;
use std::path::{Path, PathBuf};

use super::good_setup::{GoodSetup, STACK, findings};

/// Each with how many set-ups stand in it at least, so that none is passed over when its form changes.
const DOCUMENTS: [(&str, usize); 11] = [
    ("README.md", 3),
    ("docs/auth-pam.md", 9),
    ("docs/down-root.md", 3),
    ("docs/install.md", 1),
    ("docs/ovpn-plugin.md", 1),
    ("docs/metrics.md", 1),
    ("docs/migration.md", 2),
    ("docs/second-factors.md", 7),
    ("docs/scaling.md", 1),
    ("docs/from/", 7),
    ("docs/recipes/", 17),
];
/// What the documents themselves say is found: in the C plugin's line with another path, before the option is added.
const SAID: (&str, &str, &str) =
    ("docs/migration.md", "auth-pam.so openvpn login USERNAME password PASSWORD", "not-deferred");
/// What servers with one-time codes need beside them.
const TOKENS: &str = "auth-gen-token 43200";
/// Findings that say something about the machine of the tests.
const OF_THE_MACHINE: [&str; 2] = ["pam-module", "pam-include-missing"];
/// Ours. The documents show plugins of others, too: those somebody has had before.
const PLUGINS: [(&str, &str); 2] =
    [("openvpn-plugin-auth-pam.so", "auth-pam.so"), ("openvpn-plugin-down-root.so", "down-root.so")];

/// An indented block, or a part of one: the line above it, and its lines.
struct Block {
    /// The parts of one block have the same number.
    number: usize,
    title: String,
    lines: Vec<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut title, mut is_open, mut number) = (String::new(), false, 0);
    for line in text.lines() {
        match line.strip_prefix("    ") {
            Some(line)
                if line.starts_with("# /etc/") || line.ends_with(".conf") && line.starts_with("# ") =>
            {
                number += usize::from(!is_open);
                is_open = true;
                blocks.push(Block {
                    number,
                    title: format!("`{}`", line[2..].split(": ").next().unwrap_or_default()),
                    lines: Vec::new(),
                });
            }
            Some(line) if is_open => blocks.last_mut().expect("an open block").lines.push(line.to_owned()),
            Some(line) => {
                number += 1;
                is_open = true;
                blocks.push(Block { number, title: title.clone(), lines: vec![line.to_owned()] });
            }
            None if line.is_empty() => {}
            None => {
                is_open = false;
                line.clone_into(&mut title);
            }
        }
    }
    blocks
}

/// The path in backticks that begins a title, as of "`/etc/pam.d/openvpn` (mode 0600):".
fn file_of(title: &str) -> Option<&str> {
    title.strip_prefix("`/")?.split_once('`').map(|(path, _)| path)
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The document, or all of a directory.
fn texts(path: &str) -> Vec<(PathBuf, String)> {
    let path = project(path);
    let mut files = if path.is_dir() {
        fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect()
    } else {
        vec![path]
    };
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read_to_string(&file).unwrap())).collect()
}

/// Whether the line opens one of the plugins; a line of usage opens none.
fn opens_ours(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("plugin ")
        && !line.contains(['['])
        && !line.contains("COMMAND ARG")
        && PLUGINS.iter().any(|(name, _)| line.contains(name))
}

/// The set-up of a block, with the files that the document has shown before. The documents' paths become those of the setup.
fn stage_of(shown: &[(&str, &[String])], block: &Block) -> GoodSetup {
    let mut setup = GoodSetup::new();
    setup.without("auth-pam.so");
    setup.without("down-root.so");
    for common in ["common-auth", "common-account", "common-session", "common-password"] {
        setup.file(&format!("pam.d/{common}"), STACK, 0o644);
    }
    setup.file("pam.d/openvpn", fs::read(project("pam.d/openvpn")).unwrap(), 0o644);
    setup.directory("etc", 0o755);
    setup.directory("etc/clients", 0o755);
    for script in ["down.sh", "up.sh", "client.sh"] {
        setup.file(&format!("etc/{script}"), "#!/bin/sh\n", 0o755);
    }
    setup.file("etc/auth-pam.conf", "deferred=yes\nopenvpn\n", 0o644);
    setup.directory("figures", 0o755);
    setup.directory("run", 0o710);
    for (path, lines) in shown {
        let name = path.strip_prefix("etc/pam.d/").map(|name| format!("pam.d/{name}"));
        if let Some(name) =
            name.or_else(|| path.strip_prefix("etc/openvpn/").map(|name| format!("etc/{name}")))
        {
            let _ = fs::create_dir_all(setup.path(&name).parent().expect("a directory"));
            setup.file(&name, lines.join("\n") + "\n", 0o644);
        }
    }
    let [services, etc, figures, run] = ["pam.d", "etc", "figures", "run"].map(|name| setup.path(name));
    for line in &block.lines {
        let mut line = line.trim_start().replace("/etc/openvpn/", &format!("{}/", etc.display()));
        line = line.replace("/var/lib/prometheus/node-exporter/", &format!("{}/", figures.display()));
        // Which OpenVPN's unit makes.
        line = line.replace("/run/openvpn-server/", &format!("{}/", run.display()));
        for (name, file) in PLUGINS.iter().filter(|_| opens_ours(&line)) {
            let Some((_, words)) = line.split_once(name) else { continue };
            let services = format!("pam-confdir={} ", services.display());
            let words = words.trim_start();
            let words = match words.strip_prefix('"') {
                Some(rest) if *file == "auth-pam.so" => format!("\"{services}{rest}"),
                None if *file == "auth-pam.so" => format!("{services}{words}"),
                _ => words.to_owned(),
            };
            line = format!("plugin {} {words}", setup.path(file).display());
            break;
        }
        setup.line(line);
    }
    setup
}

#[test]
fn nothing_is_found_in_what_the_documents_show() {
    let mut wrong = String::new();
    for (path, least) in DOCUMENTS {
        let mut count = 0;
        for (file, text) in texts(path) {
            let blocks = blocks(&text);
            for (at, block) in blocks.iter().enumerate() {
                for part in parts(block) {
                    count += 1;
                    let shown: Vec<(&str, &[String])> = blocks
                        .iter()
                        .enumerate()
                        .filter(|(other, shown)| *other < at || shown.number == block.number)
                        .map(|(_, block)| block)
                        .filter_map(|block| Some((file_of(&block.title)?, &block.lines[..])))
                        .collect();
                    let run = stage_of(&shown, &part).examine();
                    let mut found: Vec<_> = findings(&run).into_iter().map(|(_, _, id)| id).collect();
                    found.retain(|id| !OF_THE_MACHINE.contains(&id.as_str()));
                    let said = path == SAID.0 && part.lines.iter().any(|line| line.ends_with(SAID.1));
                    if found != if said { vec![SAID.2] } else { Vec::new() } {
                        wrong += &format!("{}: {:#?}\n{run}\n", file.display(), part.lines);
                    }
                }
            }
        }
        assert!(count >= least, "{path}: only {count} set-ups are found in it");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A new document does not go unnoticed.
#[test]
fn every_document_with_a_set_up_is_looked_at() {
    let mut left = vec![project("")];
    let mut unknown = Vec::new();
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_of_others = name == "target" || name.as_encoded_bytes().starts_with(b".");
            if path.is_dir() && !is_of_others {
                left.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                let text = fs::read_to_string(&path).unwrap();
                let place = path.strip_prefix(project("")).unwrap().to_owned();
                let is_known = DOCUMENTS.iter().any(|(known, _)| place.starts_with(known));
                if !is_known && blocks(&text).iter().any(|block| !parts(block).is_empty()) {
                    unknown.push(place);
                }
            }
        }
    }
    assert!(unknown.is_empty(), "not among DOCUMENTS: {unknown:?}");
}

/// A block of several plugin lines shows several ways to write one, and not what else a server needs.
fn parts(block: &Block) -> Vec<Block> {
    let ours = block.lines.iter().filter(|line| opens_ours(line)).count();
    let one = |lines: Vec<String>| Block { number: block.number, title: block.title.clone(), lines };
    match ours {
        0 => Vec::new(),
        1 => vec![one(block.lines.clone())],
        _ => block
            .lines
            .iter()
            .filter(|line| opens_ours(line))
            .map(|line| one(vec![line.clone(), TOKENS.to_owned()]))
            .collect(),
    }
}
