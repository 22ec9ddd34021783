//! The checks: each a function over what was read, so that tests can give it anything.

mod capabilities;
mod configuration;
mod deferral;
mod down_root;
mod names;
mod one_time_codes;
mod pam_order;
mod pam_service;
mod plugin_file;
mod plugin_line;
mod sandbox;
mod start;
mod time;
mod tmp_dir;
mod tokens;
mod unit;
mod user;

use super::finding::{Finding, Severity};
use super::setup::Setup;
pub(crate) use unit::in_a_home;

/// All of them, in the order in which their findings are told.
const CHECKS: [fn(&Setup) -> Vec<Finding>; 17] = [
    configuration::check,
    plugin_file::check,
    plugin_line::check,
    start::check,
    pam_service::check,
    pam_order::check,
    one_time_codes::check,
    deferral::check,
    time::check,
    tokens::check,
    names::check,
    user::check,
    tmp_dir::check,
    down_root::check,
    unit::check,
    sandbox::check,
    capabilities::check,
];

/// Everything that is found.
pub(crate) fn all(setup: &Setup) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(setup)).collect();
    // A set-up with which OpenVPN does not start is never called good.
    if !findings.iter().any(|finding| finding.severity == Severity::Error) {
        findings.extend(start::refused(setup));
    }
    findings
}
