//! Reads a server's set-up: its configuration as OpenVPN does, and what it names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::unistd::{Group, User};
use openvpn_config::{OpenvpnConfig, Place, Seen, tmp_dir};
use secret::Secret;

use super::openvpn;
use super::openvpn_options;
use super::read_plugin;
use super::setup::{GivenOption, Setup};
use super::systemd_unit::Unit;

/// The options that checks look at. The values of others are not kept: there may be secrets among them.
const WANTED: [&str; 17] = [
    "auth-gen-token",
    "auth-user-pass-optional",
    "chroot",
    "client-cert-not-required",
    "duplicate-cn",
    "group",
    "hand-window",
    "override-username",
    "plugin",
    "reneg-sec",
    "setenv",
    "tls-remote",
    "tmp-dir",
    "user",
    "username-as-common-name",
    "verify-client-cert",
    "cd",
];
/// The variables that are for plugins.
const VARIABLES: [&str; 1] = ["deferred_auth_pam"];

/// What is to be read.
pub(crate) struct ServerToRead {
    /// OpenVPN's configuration.
    pub(crate) config: PathBuf,
    /// Where OpenVPN is started.
    pub(crate) directory: PathBuf,
    pub(crate) openvpn: Option<PathBuf>,
    pub(crate) unit: Option<Unit>,
}

impl ServerToRead {
    /// The configuration and directory that a unit names.
    pub(crate) fn of_unit(unit: Unit) -> Result<Self, String> {
        let directory = unit.working_directory();
        let config = unit
            .value("config")
            .ok_or_else(|| format!("{} does not start OpenVPN with a configuration (--config); name the server's unit, such as openvpn-server@NAME or openvpn@NAME", unit.name))?;
        let openvpn = unit.command.first().map(PathBuf::from);
        Ok(Self { config: config.into(), directory, openvpn, unit: Some(unit) })
    }
}

/// Reads everything; plugins of this project are opened, too.
pub(crate) fn set_up(server: ServerToRead) -> Setup {
    let mut setup = Setup { openvpn: openvpn::of_program(server.openvpn.as_deref()), ..Setup::default() };
    let mut plugins: Vec<(Place, Vec<Secret>, PathBuf)> = Vec::new();
    let mut directory = server.directory.clone();
    take_command_line(&mut setup, &mut plugins, &server);
    let mut see = |place: &Place, seen: Seen<'_>| match seen {
        Seen::Fault(fault) => setup.faults.push((Some(place.clone()), fault.to_string())),
        Seen::Block(_) => {}
        Seen::Option(words) => {
            let text: Vec<&[u8]> = words.iter().map(Secret::expose).collect();
            setup.faults.extend(openvpn_options::fault(&text).map(|fault| (Some(place.clone()), fault)));
            setup.settings.take(&text);
            match &text[..] {
                [b"cd", path] => directory = directory.join(String::from_utf8_lossy(path).into_owned()),
                [b"plugin", _, ..] => {
                    let words = words.iter().skip(1).map(|word| Secret::copy_of(word.expose())).collect();
                    plugins.push((place.clone(), words, directory.clone()));
                }
                _ => {}
            }
            setup.options.extend(given(place, &text));
        }
    };
    match openvpn_config::read(&server.config, &server.directory, &mut see) {
        Ok(last) => directory = last,
        Err(stopped) => {
            let place = stopped.place.or_else(|| Some(whole(&server.directory.join(&server.config))));
            setup.faults.push((place, stopped.why.to_string()));
            // A file that includes itself was read many times.
            plugins = once(plugins);
        }
    }
    setup.settings.chroot = setup.settings.chroot.take().map(|root| directory.join(root));
    setup.unknown_names = unknown_names(&setup.settings);
    setup.tmp_dir = tmp_dir::warning(&setup.settings, &directory).map(|warning| warning.text);
    let config = server.directory.join(&server.config);
    for (place, words, directory) in plugins {
        let line = read_plugin::read(&setup, place, &words, &config, &directory);
        setup.plugins.push(line);
    }
    setup.unit = server.unit;
    setup.config = Some(config);
    setup
}

/// Each line once.
fn once(lines: Vec<(Place, Vec<Secret>, PathBuf)>) -> Vec<(Place, Vec<Secret>, PathBuf)> {
    let mut once: Vec<(Place, Vec<Secret>, PathBuf)> = Vec::new();
    for line in lines {
        if !once.iter().any(|(place, ..)| *place == line.0) {
            once.push(line);
        }
    }
    once
}

/// What the unit gives OpenVPN beside its configuration.
fn take_command_line(
    setup: &mut Setup,
    plugins: &mut Vec<(Place, Vec<Secret>, PathBuf)>,
    server: &ServerToRead,
) {
    let Some(unit) = &server.unit else { return };
    let place = whole(Path::new(&unit.name));
    for option in unit.options() {
        let words: Vec<&[u8]> = option.iter().map(|word| word.as_bytes()).collect();
        setup.settings.take(&words);
        setup.options.extend(given(&place, &words));
        if let [b"plugin", line @ ..] = &words[..] {
            let line = line.iter().map(|word| Secret::copy_of(word)).collect();
            plugins.push((place.clone(), line, server.directory.clone()));
        }
    }
}

fn whole(file: &Path) -> Place {
    Place { file: Arc::from(file), line: 0 }
}

/// The option, if a check wants it.
fn given(place: &Place, words: &[&[u8]]) -> Option<GivenOption> {
    let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
    let (name, values) = words.split_first()?;
    let name = WANTED.iter().find(|wanted| wanted.as_bytes() == *name)?;
    let values = match (*name, values) {
        // They may hold secrets, and are read elsewhere.
        ("plugin", _) => Vec::new(),
        ("setenv", [variable, ..]) if !VARIABLES.iter().any(|known| known.as_bytes() == *variable) => {
            return None;
        }
        (_, values) => values.iter().map(|value| text(value)).collect(),
    };
    Some(GivenOption { place: place.clone(), name: (*name).to_owned(), values })
}

/// OpenVPN ends if one of them is unknown.
fn unknown_names(config: &OpenvpnConfig) -> Vec<(&'static str, String)> {
    let user = config.user.as_ref().filter(|name| matches!(User::from_name(name), Ok(None)));
    let group = config.group.as_ref().filter(|name| matches!(Group::from_name(name), Ok(None)));
    let named = |option: &'static str| move |name: &String| (option, name.clone());
    user.map(named("user")).into_iter().chain(group.map(named("group"))).collect()
}

/// The configurations that distributions' units start, for who names none.
pub(crate) fn usual_configurations() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in ["/etc/openvpn/server", "/etc/openvpn"] {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "conf") && path.is_file())
            .collect();
        files.sort();
        found.extend(files);
    }
    found
}
