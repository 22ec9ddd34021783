//! What the plugin keeps for each client of OpenVPN's, from its first login until it is gone. OpenVPN frees it with the client.

use std::time::Instant;

use super::checked_names::CheckedNames;
use super::client_names::LoginNames;
use super::sessions::ClientSession;

/// What the plugin keeps for each client of OpenVPN's.
#[derive(Default)]
pub struct PerClientState {
    /// The attempt whose question it was asked last.
    pub asked: Option<u64>,
    /// The session of the login that has let it in.
    pub session: Option<ClientSession>,
    /// Those of its logins that were not refused so far, until it connects.
    pub sessions: Vec<ClientSession>,
    /// It has connected. What was not opened by then never is.
    pub has_connected: bool,
    /// Its last logins that were not refused so far; once it has connected, first the one that has let it in.
    pub logins: Vec<LoginNames>,
    /// The names that PAM has checked in logins which are not kept any more.
    pub names: CheckedNames,
    /// When it has tried to log in for the first time.
    pub since: Option<Instant>,
    /// It has tried to log in, whatever came of it.
    pub tried: bool,
    /// It has shown a certificate of its own since its last login.
    pub certificate: bool,
    /// A login that is not kept any more was of another name.
    pub lost_a_name: bool,
}
