//! A client connects, is let in or refused, and leaves.

use std::time::Duration;

use super::Session;
use crate::testing::files::wait;
use crate::testing::{CallData, ConnectFiles, Outcome, Running, TestReply};
use crate::{EventSet, Plugin};

/// How often a deferred client is asked about. OpenVPN does it with the client's requests.
const POLL: Duration = Duration::from_millis(2);

/// How a client's connecting went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Connect {
    /// The client is let in, with these lines of configuration.
    LetIn(String),
    /// The client is refused. If the plugin takes that event, it got the client's end, as with OpenVPN 2.6 and
    /// later.
    Refused,
    /// It was deferred, and no verdict came in time.
    Undecided,
}

impl<P: Plugin> Session<P> {
    /// Passes the events of a client that connects, with its verdict waited for: its configuration by file, then by
    /// list; the address it gets if it is let in, its end if it is refused.
    pub fn connect(&mut self, plugin: &mut Running<P>) -> Connect {
        self.trust(plugin);
        let mut config = String::new();
        for step in [Self::connect_by_file, Self::connect_by_list] {
            match step(self, plugin) {
                Connect::LetIn(lines) => config += &lines,
                Connect::Refused => {
                    let _ = self.pass_if_asked(plugin, EventSet::CLIENT_DISCONNECT, &CallData::new());
                    return Connect::Refused;
                }
                Connect::Undecided => return Connect::Undecided,
            }
        }
        self.connected = true;
        let name = self.variable("common_name").unwrap_or(b"client").to_vec();
        let call = CallData::new().arg("add").arg("10.8.0.2").arg(name);
        let _ = self.pass_if_asked(plugin, EventSet::LEARN_ADDRESS, &call);
        Connect::LetIn(config)
    }

    /// The file says more than the reply: `0` refuses, `2` waits.
    fn connect_by_file(&mut self, plugin: &mut Running<P>) -> Connect {
        let files =
            ConnectFiles::new().unwrap_or_else(|error| panic!("cannot make files for a client: {error}"));
        let call = || {
            let config = files.config_file();
            files.call().env("client_connect_config_file", config.to_string_lossy().as_bytes())
        };
        let mut reply = self.pass_if_asked(plugin, EventSet::CLIENT_CONNECT, &call());
        let done = wait(self.patience, || {
            let said = files.verdict();
            let outcome = reply.as_ref().map_or(Outcome::Success, |reply| reply.outcome);
            if outcome == Outcome::Error || said.starts_with('0') {
                return Some(Connect::Refused);
            }
            if outcome == Outcome::Success && !said.starts_with('2') {
                return Some(Connect::LetIn(files.config()));
            }
            std::thread::sleep(POLL);
            reply = self.pass_if_asked(plugin, EventSet::CLIENT_CONNECT_DEFER, &call());
            None
        });
        done.unwrap_or(Connect::Undecided)
    }

    fn connect_by_list(&mut self, plugin: &mut Running<P>) -> Connect {
        let mut reply = self.pass_if_asked(plugin, EventSet::CLIENT_CONNECT_V2, &CallData::new());
        let done = wait(self.patience, || match reply.take() {
            None => Some(Connect::LetIn(String::new())),
            Some(TestReply { outcome: Outcome::Success, config }) => {
                Some(Connect::LetIn(config.unwrap_or_default()))
            }
            Some(TestReply { outcome: Outcome::Error, .. }) => Some(Connect::Refused),
            Some(deferred) => {
                std::thread::sleep(POLL);
                let next = self.pass_if_asked(plugin, EventSet::CLIENT_CONNECT_DEFER_V2, &CallData::new());
                // OpenVPN refuses a client that nobody can be asked about.
                if next.is_none() {
                    return Some(Connect::Refused);
                }
                reply = next.or(Some(deferred));
                None
            }
        });
        done.unwrap_or(Connect::Undecided)
    }

    /// The client leaves: its end if it was let in, its address is forgotten, and its state is dropped.
    pub fn leave(mut self, plugin: &mut Running<P>) {
        if self.connected {
            let _ = self.pass_if_asked(plugin, EventSet::CLIENT_DISCONNECT, &CallData::new());
            drop(self);
            // Some time later, without variables and state of the client.
            if plugin.events().contains(EventSet::LEARN_ADDRESS) {
                let call = CallData::new().arg("delete").arg("10.8.0.2");
                let _ = plugin.call(EventSet::LEARN_ADDRESS, &call);
            }
        }
    }
}
