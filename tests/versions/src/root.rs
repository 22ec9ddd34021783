//! The roots of the releases, and how a command is run in one.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use harness::generated;
use packages::{clean_root, run};

use crate::release::{RELEASES, Release};

/// What a command may change.
#[derive(Clone, Copy)]
pub(crate) enum Keeps {
    /// The root, to install packages.
    Root,
    /// What cargo builds.
    Build,
    /// Nothing but its results.
    Results,
}

/// A directory below cargo's target directory with everything that is made here.
pub(crate) struct Place {
    directory: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let own = std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"));
        // <target>/<profile>/versions
        let target = own.ancestors().nth(2).unwrap_or_else(|| panic!("{} is not cargo's", own.display()));
        Self { directory: target.join("versions") }
    }

    /// Where commands in the root of this release write their results; they see it as `/results`.
    pub(crate) fn results(&self) -> PathBuf {
        self.directory.join("results")
    }

    /// Builds plugins and tests in the root of the oldest release.
    pub(crate) fn build(&self) {
        let oldest = &RELEASES[0];
        self.prepare(oldest);
        println!("{}: building plugins and tests", oldest.name);
        run(&mut self.command(oldest, Keeps::Build, &["tests/versions/build"]));
    }

    /// Makes the root if there is none, and installs what the tests need.
    pub(crate) fn prepare(&self, release: &Release) {
        let root = self.root(release);
        if !root.exists() {
            println!("{}: making a root in {}", release.name, root.display());
            let new = root.with_extension("new");
            fs::create_dir_all(&self.directory)
                .unwrap_or_else(|error| panic!("{}: {error}", self.directory.display()));
            clean_root::debootstrap(release.name, &new);
            fs::rename(&new, &root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
        }
        run(&mut self.command(release, Keeps::Root, &["tests/install-deps", "test"]));
    }

    /// A command in the root of this release, in the project's directory.
    pub(crate) fn command(&self, release: &Release, keeps: Keeps, words: &[&str]) -> Command {
        let project = generated::root();
        let mut command = Command::new(project.join("tests/versions/enter"));
        command.arg(match keeps {
            Keeps::Root => "install",
            Keeps::Build => "build",
            Keeps::Results => "test",
        });
        command.arg(self.root(release)).arg(&project).arg(self.directory.join("build")).args(words);
        command
    }

    fn root(&self, release: &Release) -> PathBuf {
        self.directory.join(release.name)
    }
}
