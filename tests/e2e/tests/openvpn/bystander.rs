//! Everyone else: a client that is connected already, with a ping through its tunnel, while something goes wrong.

use std::time::Duration;

use harness::{Client, PingReport, Pinger, Server};

use crate::stack::PASSWORD;

/// The option `timeout` where nothing is to take as long as that.
pub(crate) const TIMEOUT: &str = "timeout=10";
/// The same.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(10);

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

    /// The tunnel works now: what is sent from now on is answered.
    pub(crate) fn goes_on(&self) {
        self.ping.wait_answers(3);
    }

    /// The tunnel works, and of all packets so far not one was lost. It may have paused: in the default mode OpenVPN
    /// waits for each login.
    pub(crate) fn lost_nothing(self, while_what: &str) -> PingReport {
        let report = self.ping.finish();
        assert!(report.lost.is_empty(), "{while_what}: {report:?}");
        report
    }

    /// And it has not even paused, as it would while OpenVPN waited for a login until `time_limit`, the plugin's option
    /// `timeout`. Half of that, because a ping may be sent some time after the pause has begun.
    pub(crate) fn noticed_nothing(self, time_limit: Duration, while_what: &str) {
        let report = self.lost_nothing(while_what);
        assert!(report.slowest < time_limit / 2, "{while_what}: {report:?}");
    }
}
