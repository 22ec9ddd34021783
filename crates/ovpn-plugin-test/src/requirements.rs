//! What has to be there before anything is started.

use std::fmt;
use std::fs::OpenOptions;
use std::sync::OnceLock;

use crate::{command, user_namespace};

/// Programs, and the Debian packages that have them.
const PROGRAMS: [(&str, &str); 4] =
    [("openvpn", "openvpn"), ("openssl", "openssl"), ("ip", "iproute2"), ("nsenter", "util-linux")];
const TUN: &str = "/dev/net/tun";

/// What this machine or this user lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    reasons: Vec<String>,
}

impl Missing {
    /// One text for each thing that is missing, with what to do.
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a real OpenVPN server cannot be started here: {}", self.reasons.join("; "))
    }
}

impl std::error::Error for Missing {}

/// Whether servers and clients can be started.
///
/// ```no_run
/// if let Err(missing) = ovpn_plugin_test::requirements() {
///     panic!("{missing}");
/// }
/// ```
///
/// # Errors
///
/// What is missing. [`ServerConfig::start`](crate::ServerConfig::start) panics with the same text.
pub fn requirements() -> Result<(), Missing> {
    static FOUND: OnceLock<Vec<String>> = OnceLock::new();
    let reasons = FOUND.get_or_init(look).clone();
    if reasons.is_empty() { Ok(()) } else { Err(Missing { reasons }) }
}

/// The same, for callers that panic.
pub(crate) fn require() {
    if let Err(missing) = requirements() {
        panic!("{missing}");
    }
}

fn look() -> Vec<String> {
    let mut reasons: Vec<String> = PROGRAMS
        .iter()
        .filter(|(program, _)| command::find(program).is_none())
        .map(|(program, package)| format!("there is no program {program}: install the package {package}"))
        .collect();
    if let Err(error) = OpenOptions::new().read(true).write(true).open(TUN) {
        reasons.push(format!(
            "{TUN} cannot be opened ({error}): run as root, or, as root: modprobe tun; chmod 666 {TUN}"
        ));
    }
    if let Err(reason) = user_namespace::possible() {
        reasons.push(format!("no namespaces can be made ({reason}): run as root, or allow user namespaces"));
    }
    reasons
}
