//! A machine on which the plugins are installed, and servers that each have one line.

use std::fs;

use harness::{Machine, ServerConfig, plugin, start_log};

use crate::documents;
use crate::lines::PluginLine;

const SCRIPT: &str = "#!/bin/sh\nexit 0\n";
const LETS_EVERYBODY_IN: &str = "auth required pam_permit.so\naccount required pam_permit.so\n\
                                 password required pam_permit.so\nsession required pam_permit.so\n";
/// What a line needs beside it, by a word of it; the documents say so.
const BESIDE: [(&str, &str); 1] = [("certificate-login=", "auth-user-pass-optional")];

/// The machine.
pub(crate) struct Stage {
    machine: Machine,
}

impl Stage {
    /// With the plugins of these lines where `make install` puts them.
    pub(crate) fn new(lines: &[PluginLine]) -> Self {
        let machine = Machine::new();
        for path in documents::installed_plugins() {
            if lines.iter().all(|line| line.file != path) {
                continue;
            }
            let name =
                path.rsplit_once("/openvpn-plugin-").map_or("", |(_, name)| name).trim_end_matches(".so");
            let built = match name.strip_prefix("example-") {
                Some(example) => plugin::example(example),
                None => plugin::built(&format!("libopenvpn_plugin_{}.so", name.replace('-', "_"))),
            };
            let bytes = fs::read(&built).unwrap_or_else(|error| panic!("{}: {error}", built.display()));
            machine.write(&path, bytes, 0o644);
        }
        Self { machine }
    }

    /// Starts a server with the line; the error is what was wrong.
    pub(crate) fn start(&self, line: &PluginLine) -> Result<(), String> {
        let Some(words) = &line.words else { return Ok(()) };
        self.make_what_is_named(&line.file, words);
        let beside = BESIDE.iter().filter(|(word, _)| words.contains(word)).map(|(_, line)| *line);
        let config = ServerConfig::default().dropped().line(&line.text()).on(&self.machine);
        let config = beside.fold(config, ServerConfig::line);
        let server = config.try_start().map_err(|failed| failed.log.text())?;
        let warnings = start_log::warnings(&server);
        if warnings.is_empty() { Ok(()) } else { Err(warnings.join("\n")) }
    }

    /// The PAM service, directories and files.
    fn make_what_is_named(&self, file: &str, words: &str) {
        let words = unquoted(words);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let is_option = |word: &str| {
            word.split_once('=')
                .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        };
        let service = words.iter().copied().find(|word| !word.contains('=') && !word.contains(':'));
        if file.contains("auth-pam") {
            let service = service.filter(|word| !word.starts_with('/')).unwrap_or("openvpn");
            self.machine.write(&format!("/etc/pam.d/{service}"), LETS_EVERYBODY_IN, 0o644);
        }
        for group in words.iter().filter_map(|word| word.strip_prefix("certificate-login=")) {
            self.machine.run(&format!("getent group {group} || groupadd {group}"));
        }
        for word in words {
            let (option, value) =
                if is_option(word) { word.split_once('=').unwrap_or_default() } else { ("", word) };
            let Some(at) = value.find('/').filter(|at| *at == 0 || option == "on") else { continue };
            let path = &value[at..];
            let text = match (option, service.is_some(), file.contains("auth-pam")) {
                ("options", false, true) => "deferred=yes\nopenvpn\n",
                ("options", false, false) => "/etc/openvpn/down.sh\n",
                // Files of examples have nothing in them that is wrong.
                ("options", true, _) => "",
                _ if file.contains("-example-") => "",
                _ => SCRIPT,
            };
            match option {
                "metrics" | "status" | "client-options" => {
                    let directory = if option == "client-options" { path } else { parent(path) };
                    self.machine.run(&format!("mkdir -p -m 755 '{directory}'"));
                }
                _ => self.machine.write(path, text, 0o755),
            }
            if option == "options" {
                self.machine.write("/etc/openvpn/down.sh", SCRIPT, 0o755);
            }
        }
    }
}

/// The words, both those in double quotes and those in single quotes within.
fn unquoted(words: &str) -> Vec<String> {
    let (mut found, mut word, mut inside) = (Vec::new(), String::new(), false);
    for char in words.chars().filter(|char| *char != '"').chain([' ']) {
        match char {
            '\'' => inside = !inside,
            ' ' if !inside => found.push(std::mem::take(&mut word)),
            other => word.push(other),
        }
    }
    found.retain(|word| !word.is_empty());
    found
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(directory, _)| directory)
}
