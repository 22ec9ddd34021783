//! What can be known before the first login: the administrator reads it at the start, and not when nobody can log in.
//!
//! All of it runs in OpenVPN's process when the plugin is opened, as a rule as root. It reads files that OpenVPN or PAM
//! obey anyway, with bounds, and loads or runs nothing.

mod clients;
mod dco;
mod deferring;
mod passwordless;
mod renegotiation;
mod replaced;
mod service;
mod status_socket;
mod time_limit;

use std::path::PathBuf;
use std::time::Duration;

use log_lines::UnloggedLine;
use nix::unistd::geteuid;
use ovpn_plugin::{OpenArgs, Version};

use crate::config::Config;
pub use deferring::Deferring;
use openvpn_config::{OpenvpnConfig, tmp_dir};
pub use renegotiation::Renegotiation;
pub use replaced::Replaces;
use service::Findings;

pub use time_limit::TimeLimits;

/// What the start has found out.
pub struct Startup {
    /// How long an attempt may take.
    pub time_limits: TimeLimits,
    /// OpenVPN passes questions on to clients.
    pub can_ask: bool,
    /// How long OpenVPN gives a client to connect.
    pub time_to_connect: Duration,
    /// Whose place a connecting client takes.
    pub replaces: Replaces,
    /// The kernel may carry and count the clients' packets.
    pub dco: bool,
    /// The N of OpenVPN 2.N, if it is known.
    pub openvpn_minor: Option<u32>,
    /// When connected clients need the plugin again.
    pub renegotiation: Renegotiation,
    /// A client gets the name that PAM has let in.
    pub override_username: bool,
    /// Held as long as the plugin is open, if it defers.
    pub deferring: Option<Deferring>,
}

impl Startup {
    /// Looks at the configuration and the machine; logs warnings.
    ///
    /// Errors: why OpenVPN should not start.
    pub fn check(args: &OpenArgs<'_>, config: &Config) -> Result<Self, String> {
        config.warnings.iter().for_each(UnloggedLine::log);
        let by_setenv = args.env().get("deferred_auth_pam").is_some();
        passwordless::refuse_preset_state(args)?;
        let deferring = Deferring::take(config, by_setenv)?;
        if config.confdir.is_some() && !pam::confdir_supported() {
            return Err(lines::startup::no_confdir().to_string());
        }
        let Findings { warnings, mut by_roots_group, forgets_failures } = service::check(config)?;
        warnings.iter().for_each(UnloggedLine::log);
        if !geteuid().is_root() {
            lines::startup::not_root(geteuid()).log();
        }
        let can_ask = args.openvpn_version().is_some_and(|version| version.is_at_least(2, 6));
        if let Some(warning) = too_old(config, args.openvpn_version()).filter(|_| !can_ask) {
            warning.log();
        }
        let can_wait = args.openvpn_version().is_some_and(|version| version.is_at_least(2, 5));
        if config.session && !can_wait {
            lines::startup::stands_still().log();
        }
        if !config.session && (config.max_sessions.is_some() || config.max_sessions_per_user.is_some()) {
            lines::startup::no_sessions_to_count().log();
        }
        let openvpn_minor = clients::minor(args.openvpn_version());
        let clients = clients::check(config, openvpn_minor)?;
        clients.warnings.iter().for_each(UnloggedLine::log);
        by_roots_group.extend_from_slice(&clients.by_roots_group);
        let socket = status_socket::check(config.status.as_deref())?;
        socket.warning.iter().for_each(UnloggedLine::log);
        by_roots_group.extend_from_slice(&socket.by_roots_group);
        let openvpn = openvpn_config(args, deferring.is_some());
        let about_passwordless = passwordless::warnings(config, openvpn.as_ref(), args.openvpn_version());
        about_passwordless.iter().for_each(UnloggedLine::log);
        let forgets = passwordless::forgets_failures(config, openvpn.as_ref(), forgets_failures.as_deref());
        forgets.iter().for_each(UnloggedLine::log);
        passwordless::unknown_group(config).iter().for_each(UnloggedLine::log);
        by_roots_group.extend_from_slice(&config.by_roots_group);
        judge_roots_group(&by_roots_group, openvpn.as_ref().is_some_and(OpenvpnConfig::keeps_roots_group))?;
        let dco = config.session && dco::is_possible(can_ask, dco::kernel_has_it(), openvpn.as_ref());
        if dco {
            lines::startup::counted_by_kernel().log();
        }
        let time_to_connect =
            openvpn.as_ref().map_or(time_limit::UNKNOWN_HAND_WINDOW, time_limit::time_to_connect);
        let renegotiation = Renegotiation::of(openvpn.as_ref());
        let replaces = Replaces::by(openvpn.as_ref());
        let window = openvpn.as_ref().map(time_limit::window);
        let deferred_window = window.filter(|_| deferring.is_some());
        if let Some(warning) = deferred_window.and_then(|window| time_limit::warning(config.timeout, window))
        {
            warning.log();
        }
        let directory = std::env::current_dir().unwrap_or_else(|_| "/".into());
        if let Some(warning) = openvpn.and_then(|openvpn| tmp_dir::warning(&openvpn, &directory)) {
            warning.log();
        }
        let time_limits = TimeLimits::new(config.timeout, window);
        let override_username = clients.override_username;
        Ok(Startup {
            time_limits,
            can_ask,
            time_to_connect,
            replaces,
            dco,
            openvpn_minor,
            renegotiation,
            override_username,
            deferring,
        })
    }
}

/// Members of root's group may change what root obeys, with a warning; not if OpenVPN is going to be one without being
/// root. `openvpn_is_one`: that is so.
fn judge_roots_group(by_roots_group: &[UnloggedLine], openvpn_is_one: bool) -> Result<(), String> {
    for found in by_roots_group {
        if openvpn_is_one {
            return Err(format!("{found}, or set 'group': with 'user' alone OpenVPN stays in root's group"));
        }
        found.log();
    }
    Ok(())
}

/// What to say of an OpenVPN that gives plugins no way to ask the client, or to tell it a reason.
fn too_old(config: &Config, version: Option<Version<'_>>) -> Option<UnloggedLine> {
    let without_effect = config.since_2_6().join(", ");
    let openvpn = match version {
        Some(Version { text, .. }) if !text.is_empty() => format!("OpenVPN {text}"),
        _ => "this OpenVPN".into(),
    };
    (!without_effect.is_empty()).then(|| lines::startup::too_old(&openvpn, &without_effect).unlogged())
}

/// OpenVPN's configuration, as far as it can be read.
fn openvpn_config(args: &OpenArgs<'_>, defers: bool) -> Option<OpenvpnConfig> {
    let path = args.config_file()?;
    let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    match OpenvpnConfig::read(path, &directory) {
        Ok(config) => Some(config),
        Err(unread) => {
            if defers {
                lines::startup::configuration_unread(unread).log();
            }
            None
        }
    }
}
