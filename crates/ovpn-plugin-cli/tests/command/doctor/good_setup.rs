//! A set-up in which nothing is wrong, for tests to break.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{command, plugin};
use tempfile::TempDir;

use crate::run::{COMMAND, Run};

/// The service of the set-up.
pub(crate) const STACK: &str = "auth required pam_unix.so\naccount required pam_unix.so\n";

/// A directory in which only root can write, with a configuration, plugins, a PAM service and a script.
pub(crate) struct GoodSetup {
    place: TempDir,
    /// Other directories of the set-up.
    others: Vec<TempDir>,
    lines: Vec<String>,
    /// The version of the OpenVPN that reads it.
    pub(crate) version: &'static str,
    /// The unit that starts it.
    pub(crate) unit: Option<String>,
}

impl GoodSetup {
    pub(crate) fn new() -> Self {
        let place = tempfile::Builder::new().prefix("doctor-").tempdir_in("/var/lib").unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut setup = Self { place, others: Vec::new(), lines: Vec::new(), version: "2.6.21", unit: None };
        for directory in ["pam.d", "plugins", "tmp"] {
            setup.directory(directory, 0o755);
        }
        setup.mode("tmp", 0o1777);
        setup.copy(&plugin::auth_pam(), "auth-pam.so");
        setup.copy(&plugin::built("libopenvpn_plugin_down_root.so"), "down-root.so");
        setup.file("pam.d/vpn", STACK, 0o644);
        setup.file("down.sh", "#!/bin/sh\n", 0o755);
        setup.lines = [
            "# a server".to_owned(),
            "port 1194".to_owned(),
            "user nobody".to_owned(),
            "group nogroup".to_owned(),
            format!("tmp-dir {}", setup.path("tmp").display()),
            setup.auth_pam("deferred=yes", "vpn"),
            format!("plugin {} {}", setup.path("down-root.so").display(), setup.path("down.sh").display()),
        ]
        .to_vec();
        setup
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// A plugin line with the services of this directory.
    pub(crate) fn auth_pam(&self, options: &str, rest: &str) -> String {
        let (file, services) = (self.path("auth-pam.so"), self.path("pam.d"));
        format!("plugin {} \"{options} pam-confdir={} {rest}\"", file.display(), services.display())
    }

    /// Replaces the plugin line of auth-pam.
    pub(crate) fn with_auth_pam(&mut self, options: &str, rest: &str) {
        let line = self.auth_pam(options, rest);
        self.replace("auth-pam.so", &line);
    }

    /// Replaces the line in which this stands.
    pub(crate) fn replace(&mut self, part: &str, line: &str) {
        let at = self.lines.iter().position(|known| known.contains(part)).expect("the line to be replaced");
        self.lines[at] = line.to_owned();
    }

    /// Takes the line out in which this stands.
    pub(crate) fn without(&mut self, part: &str) {
        self.lines.retain(|line| !line.contains(part));
    }

    pub(crate) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.mode(name, mode);
        path
    }

    pub(crate) fn service(&self, text: &str) {
        self.file("pam.d/vpn", text, 0o644);
    }

    pub(crate) fn copy(&self, file: &Path, name: &str) {
        fs::copy(file, self.path(name)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.mode(name, 0o644);
    }

    pub(crate) fn directory(&self, name: &str, mode: u32) {
        fs::create_dir(self.path(name)).unwrap();
        self.mode(name, mode);
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn owner(&self, name: &str, uid: u32) {
        chown(self.path(name), Some(uid), None).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Keeps a directory as long as the set-up.
    pub(crate) fn keep(&mut self, directory: TempDir) {
        self.others.push(directory);
    }

    /// A shared object from this C source.
    pub(crate) fn compiled(&self, name: &str, source: &str, words: &[&str]) {
        let (c, object) = (self.file(&format!("{name}.c"), source, 0o644), self.path(name));
        let all = ["-shared", "-fPIC", "-o", object.to_str().unwrap(), c.to_str().unwrap()];
        command::run("cc", &[&all[..], words].concat());
    }

    /// Writes the configuration.
    pub(crate) fn save(&self) -> PathBuf {
        let text = self.lines.iter().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "{line}");
            text
        });
        self.file("server.conf", text, 0o600)
    }

    /// Runs the doctor.
    pub(crate) fn examine(&self) -> Run {
        self.examine_with(&[])
    }

    /// Runs the doctor with further options.
    pub(crate) fn examine_with(&self, options: &[&str]) -> Run {
        let config = self.save();
        // As a program of this version would, and with its plugin directory in it.
        let program = format!(
            "#!/bin/sh\necho 'OpenVPN {} x86_64-pc-linux-gnu'\nexit 0\n\0{}\0",
            self.version,
            self.path("plugins").display()
        );
        let program = self.file("openvpn", program, 0o755);
        let mut words = vec!["doctor", "--openvpn", program.to_str().unwrap()];
        words.extend(options);
        match &self.unit {
            Some(unit) => words.extend(["--unit", unit]),
            None => words.push(config.to_str().unwrap()),
        }
        let output = Command::new(COMMAND).args(&words).env("PATH", self.tools()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("only text is printed");
        Run { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// `PATH`, with the programs of the set-up before those of the machine.
    pub(crate) fn tools(&self) -> String {
        format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap_or_default())
    }
}

/// The findings of a run: severity, place and name of each.
pub(crate) fn findings(run: &Run) -> Vec<(String, String, String)> {
    let lines = run.out.lines().filter_map(|line| {
        let (severity, rest) = line.split_once(' ')?;
        ["error", "warning", "note"].contains(&severity).then_some((severity, rest.trim()))
    });
    lines
        .filter_map(|(severity, rest)| {
            let (text, id) = rest.strip_suffix(']')?.rsplit_once(" [")?;
            let place = text.split(": ").next().unwrap_or_default();
            Some((severity.to_owned(), place.to_owned(), id.to_owned()))
        })
        .collect()
}
