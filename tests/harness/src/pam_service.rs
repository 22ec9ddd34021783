//! PAM services for one test: in a private directory (option `pam-confdir`) or in /etc/pam.d.

use std::path::{Path, PathBuf};

use crate::scratch::{Scratch, set_mode, unique_name};
use crate::{isolation, plugin};

/// A directory of PAM service files, readable by everyone, removed on drop.
#[derive(Debug)]
pub struct PamDir {
    scratch: Scratch,
}

impl PamDir {
    /// Makes an empty directory.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { scratch: Scratch::new() }
    }

    /// Writes the service file `name`.
    pub fn service(&self, name: &str, lines: &str) {
        self.scratch.write(name, lines, 0o644);
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.scratch.path()
    }
}

/// A service file of unique name in the /etc/pam.d of the test program, removed on drop.
#[derive(Debug)]
pub struct EtcPamService {
    name: String,
}

impl EtcPamService {
    /// Writes the file.
    pub fn new(lines: &str) -> Self {
        isolation::require();
        let service = Self { name: unique_name() };
        let path = service.path();
        std::fs::write(&path, lines).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        set_mode(&path, 0o644);
        service
    }

    /// The name of the service.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        Path::new("/etc/pam.d").join(&self.name)
    }
}

impl Drop for EtcPamService {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.path());
    }
}

/// One service for the plugin under test: private where the plugin can be told so, else in /etc/pam.d.
#[derive(Debug)]
pub enum PamService {
    /// In a directory of its own.
    Private(PamDir),
    /// In /etc/pam.d.
    Etc(EtcPamService),
}

impl PamService {
    /// Makes the service with these lines.
    pub fn new(lines: &str) -> Self {
        if plugin::is_c() {
            return Self::Etc(EtcPamService::new(lines));
        }
        let directory = PamDir::new();
        directory.service("login", lines);
        Self::Private(directory)
    }

    /// The plugin's words that name the service.
    pub fn words(&self) -> String {
        match self {
            Self::Private(directory) => format!("pam-confdir={} login", directory.path().display()),
            Self::Etc(service) => service.name().to_string(),
        }
    }

    /// Replaces the lines of the service file.
    pub fn rewrite(&self, lines: &str) {
        match self {
            Self::Private(directory) => directory.service("login", lines),
            Self::Etc(service) => {
                let path = service.path();
                std::fs::write(&path, lines).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
        }
    }
}
