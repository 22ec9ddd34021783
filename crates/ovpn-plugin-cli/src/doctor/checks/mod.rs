//! The checks: each a function over what was read, so that tests can give it anything.

mod capabilities;
mod client_names;
mod configuration;
mod deferral;
mod down_root;
mod one_time_codes;
mod opened_plugin;
mod openvpn_user;
mod pam_order;
mod pam_service;
mod plugin_file;
mod plugin_line;
mod sandbox;
mod time_limits;
mod tmp_dir;
mod tokens;
mod unit_limits;

use super::finding::{Finding, Severity};
use super::setup::Setup;
pub(crate) use unit_limits::in_a_home;

/// All of them, in the order in which their findings are printed.
const CHECKS: [fn(&Setup) -> Vec<Finding>; 17] = [
    configuration::check,
    plugin_file::check,
    plugin_line::check,
    opened_plugin::check,
    pam_service::check,
    pam_order::check,
    one_time_codes::check,
    deferral::check,
    time_limits::check,
    tokens::check,
    client_names::check,
    openvpn_user::check,
    tmp_dir::check,
    down_root::check,
    unit_limits::check,
    sandbox::check,
    capabilities::check,
];

/// Everything that is found.
pub(crate) fn all(setup: &Setup) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(setup)).collect();
    // A set-up with which OpenVPN does not start is never called good.
    if !findings.iter().any(|finding| finding.severity == Severity::Error) {
        findings.extend(opened_plugin::refused(setup));
    }
    findings
}
