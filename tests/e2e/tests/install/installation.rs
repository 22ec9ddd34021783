//! An installation below a directory of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harness::scratch::Scratch;
use harness::{command, plugin};

pub(crate) const BUILT: &str = "libopenvpn_plugin_auth_pam.so";
pub(crate) use harness::plugin::EXAMPLES;

pub(crate) struct Installation {
    pub(crate) scratch: Scratch,
    built: Scratch,
    variables: Vec<String>,
}

impl Installation {
    /// With these variables besides DESTDIR.
    pub(crate) fn new(variables: &[&str]) -> Self {
        let built = Scratch::new();
        let pages = [
            "cargo-ovpn-plugin.1",
            "openvpn-plugin-auth-pam.8",
            "openvpn-plugin-down-root.8",
            "ovpn-plugin.1",
        ];
        let to = built.join("man").display().to_string();
        command::run(
            &project().join("packaging/man/build").display().to_string(),
            &[&[&to[..]], &pages[..]].concat(),
        );
        let to = built.join("dev").display().to_string();
        command::run(&project().join("packaging/dev/build").display().to_string(), &[&to]);
        built.directory("release", 0o755);
        for name in [BUILT, "libopenvpn_plugin_down_root.so", "ovpn-plugin"] {
            link(&plugin::built(name), &built.join("release").join(name));
        }
        // For what is installed of them any file will do.
        for name in EXAMPLES {
            let name = format!("release/libexample_{}.so", name.replace('-', "_"));
            link(&plugin::built(BUILT), &built.join(&name));
        }
        Self {
            scratch: Scratch::new(),
            built,
            variables: variables.iter().map(ToString::to_string).collect(),
        }
    }

    /// Where the things are that are to be installed.
    pub(crate) fn built(&self) -> &Path {
        self.built.path()
    }

    /// The command that makes `target`, of this project.
    pub(crate) fn command(&self, target: &str) -> Command {
        self.command_of(&project(), target)
    }

    /// The same of another copy of the project.
    pub(crate) fn command_of(&self, project: &Path, target: &str) -> Command {
        let mut command = Command::new("make");
        command::away_from_make(&mut command);
        command.args(["-s", "-C"]).arg(project).arg(target);
        for (name, directory) in [("BUILTDIR", "release"), ("MANBUILT", "man"), ("DEVBUILT", "dev")] {
            command.arg(format!("{name}={}", self.built.join(directory).display()));
        }
        command.arg(format!("DESTDIR={}", self.scratch.path().display())).args(&self.variables);
        command
    }

    /// Runs make, which must succeed, and returns what it printed.
    pub(crate) fn make(&self, target: &str) -> String {
        let output = run(&mut self.command(target));
        let said = said(&output);
        assert!(output.status.success(), "make {target}: {said}");
        said
    }

    pub(crate) fn plugin(&self) -> PathBuf {
        self.scratch.join("usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so")
    }

    pub(crate) fn service(&self) -> PathBuf {
        self.scratch.join("etc/pam.d/openvpn")
    }

    /// Every file that is there, as paths below the directory.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.scratch.path(), self.scratch.path(), &mut found);
        found.sort();
        found
    }

    /// What `make list-files` says: mode and path of each file, sorted by path.
    pub(crate) fn promised(&self) -> Vec<(u32, String)> {
        let mut promised: Vec<_> = self
            .make("list-files")
            .lines()
            .map(|line| {
                let mut words = line.split_whitespace();
                let mode = words.next().and_then(|mode| u32::from_str_radix(mode, 8).ok());
                let path = words.next().and_then(|path| path.strip_prefix('/'));
                (mode.expect("a mode"), path.expect("an absolute path").to_string())
            })
            .collect();
        promised.sort_by(|one, other| one.1.cmp(&other.1));
        promised
    }
}

/// The root of this project.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

pub(crate) fn mode(path: &Path) -> u32 {
    path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode()
        & 0o7777
}

pub(crate) fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn link(from: &Path, to: &Path) {
    std::os::unix::fs::symlink(from, to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
}

fn list(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap_or_else(|error| panic!("{error}")).flatten() {
        if entry.path().is_dir() {
            list(root, &entry.path(), found);
        } else if let Ok(below) = entry.path().strip_prefix(root) {
            found.push(below.to_string_lossy().into_owned());
        }
    }
}
