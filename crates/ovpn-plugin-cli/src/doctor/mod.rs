//! `ovpn-plugin doctor`: reads a server's set-up, and tells what is wrong with it, where, and what to write instead.
//!
//! * [`read_setup`] and its neighbours look at the machine, and make a [`setup::Setup`] of what they see;
//! * [`checks`] judge that, and look at nothing else;
//! * [`print`] prints what they have found.

mod auth_pam_line;
mod checks;
mod child;
mod finding;
mod openvpn;
mod openvpn_options;
mod print;
mod read_pam_service;
mod read_plugin;
mod read_setup;
mod setup;
mod systemd_unit;
mod unit_sandbox;

use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::show::Show;
pub(crate) use auth_pam_line::AuthPamLine;
use finding::Finding;
pub(crate) use openvpn::{installed, plugin_directory};
pub(crate) use read_plugin::{in_a_home, is_option, kind, note_on_c_plugin};
use read_setup::ServerToRead;
pub(crate) use read_setup::usual_configurations;
pub(crate) use setup::Kind;
use unit_sandbox::Entered;
pub(crate) use unit_sandbox::from_there;

/// What is to be looked at.
#[derive(Debug, Default)]
pub(crate) struct DoctorOptions {
    /// OpenVPN's configuration; without it and a unit, all that distributions' units start.
    pub(crate) config: Option<PathBuf>,
    pub(crate) unit: Option<String>,
    /// Where OpenVPN is started; without it where the configuration is.
    pub(crate) directory: Option<PathBuf>,
    /// The OpenVPN that reads it.
    pub(crate) openvpn: Option<PathBuf>,
    /// This process is in the unit's sandbox already.
    pub(crate) entered: bool,
    /// Notes count.
    pub(crate) strict: bool,
    pub(crate) json: bool,
}

/// Looks at it, and prints what is found; the exit status.
pub(crate) fn run(options: &DoctorOptions) -> Result<u8, String> {
    let mut servers = Vec::new();
    if let Some(name) = &options.unit {
        let unit = match enter_unit(name, options.entered)? {
            Ok(unit) => unit,
            Err(status) => return Ok(status),
        };
        let mut server = ServerToRead::of_unit(unit)?;
        server.openvpn = options.openvpn.clone().or(server.openvpn);
        servers.push(server);
    } else if let Some(config) = &options.config {
        servers.push(of_file(config, options)?);
    } else {
        for config in read_setup::usual_configurations() {
            servers.push(of_file(&config, options)?);
        }
        if servers.is_empty() {
            return Err("there is no configuration in /etc/openvpn/server or /etc/openvpn; name one".into());
        }
    }
    let mut show = Show::new(0, options.json);
    let mut all = Vec::new();
    for server in servers {
        let about = server.directory.join(&server.config).display().to_string();
        let setup = read_setup::set_up(server);
        let mut findings = checks::all(&setup);
        findings.extend(without_root());
        print::print(&mut show, &about, &findings);
        all.extend(findings);
    }
    let status = finding::status(&all, options.strict);
    print::end(&show, &all, status);
    Ok(status)
}

/// Enters the sandbox of a unit, in which its OpenVPN is started, unless this process is there already. If another process
/// was there in its stead, the status that this one ended with.
pub(crate) fn enter_unit(name: &str, entered: bool) -> Result<Result<systemd_unit::Unit, u8>, String> {
    let unit = systemd_unit::Unit::of_this_machine(name)?;
    if entered {
        unit_sandbox::go_to_its_directory(&unit)?;
        return Ok(Ok(unit));
    }
    Ok(match unit_sandbox::enter(&unit)? {
        Entered::Here => Ok(unit),
        Entered::Done(status) => Err(status),
    })
}

fn of_file(config: &Path, options: &DoctorOptions) -> Result<ServerToRead, String> {
    let here = std::env::current_dir().map_err(|error| format!("the working directory: {error}"))?;
    let config = here.join(config);
    // As the units that come with OpenVPN do it.
    let beside = config.parent().map(Path::to_path_buf).unwrap_or_else(|| "/".into());
    let directory = options.directory.as_ref().map_or(beside, |directory| here.join(directory));
    Ok(ServerToRead { config, directory, openvpn: options.openvpn.clone(), unit: None })
}

fn without_root() -> Option<Finding> {
    (!geteuid().is_root()).then(|| {
        Finding::note("no-root", "this command does not run as root")
            .why("It cannot read everything that OpenVPN reads, and plugins behave differently.")
            .todo("Run it again as root.")
    })
}
