//! Everyone else: a client that is connected already, with a ping through its tunnel, while something goes wrong.

use std::time::Duration;

use harness::{Client, PingReport, Pinger, Server};

use crate::stack::PASSWORD;

/// The client and its ping.
pub(crate) struct Bystander {
    // Ended first: without its client it would wait for answers.
    ping: Pinger,
    _client: Client,
}

impl Bystander {
    /// Connects, and pings from now on.
    pub(crate) fn of(server: &Server) -> Self {
        let client = server.client("bystander", PASSWORD).with_tunnel().connect();
        Self { ping: client.ping(), _client: client }
    }

    /// The tunnel works, and of all packets so far not one was lost. It may have paused: in the default mode OpenVPN
    /// waits for each login.
    pub(crate) fn lost_nothing(self, while_what: &str) -> PingReport {
        let report = self.ping.finish();
        assert!(report.lost.is_empty(), "{while_what}: {report:?}");
        report
    }

    /// And it has not even paused.
    pub(crate) fn noticed_nothing(self, while_what: &str) {
        let report = self.lost_nothing(while_what);
        assert!(report.slowest < Duration::from_secs(1), "{while_what}: {report:?}");
    }
}
