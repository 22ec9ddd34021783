//! Keeps something for each client: how often it logged in (again at each renegotiation), and since when it is here.
//!
//! `plugin libexample_per_client_state.so MAX_LOGINS`: a client that logs in more often than that is rejected.

use std::time::Instant;

use ovpn_plugin::{AuthReply, AuthUserPassVerify, ClientState, OpenArgs, Plugin, Rejection, Result};

struct PerClientState {
    max_logins: u32,
}

/// Made with the client's first packet, dropped when the client is gone.
struct Client {
    since: Instant,
    logins: u32,
}

#[ovpn_plugin::plugin]
impl Plugin for PerClientState {
    const NAME: &'static str = "PER-CLIENT-STATE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let limit = args.text_args()?.first().and_then(|word| word.parse().ok());
        Ok(Self { max_logins: limit.ok_or("wanted: plugin FILE MAX_LOGINS")? })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let mut client = event.client::<Self>().ok_or("no state for this client")?;
        client.logins += 1;
        log::info!("login {} of this client", client.logins);
        if client.logins > self.max_logins {
            return Ok(AuthReply::RejectWith(Rejection::because("too many logins")));
        }
        Ok(AuthReply::Accept)
    }
}

impl ClientState for PerClientState {
    type State = Client;

    fn new_client(&mut self) -> Client {
        Client { since: Instant::now(), logins: 0 }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        log::info!("a client is gone after {} logins and {} s", self.logins, self.since.elapsed().as_secs());
    }
}

ovpn_plugin::export!(PerClientState);

#[cfg(test)]
mod tests {
    use ovpn_plugin::EventSet;
    use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running, TestClient};

    use super::*;

    #[test]
    fn each_client_counts_for_itself() {
        let mut plugin = Running::<PerClientState>::open(&CallData::new().arg("1")).unwrap();
        let (mut first, mut second) = (plugin.client(), plugin.client());
        let files = LoginFiles::new().unwrap();
        let mut login = |client: &mut TestClient| {
            plugin.call_for(client, EventSet::AUTH_USER_PASS_VERIFY, &files.call()).outcome
        };
        assert_eq!(login(&mut first), Outcome::Success);
        assert_eq!(login(&mut second), Outcome::Success);
        assert_eq!(files.reason(), "");
        assert_eq!(login(&mut first), Outcome::Error);
        assert_eq!(files.reason(), "too many logins");
        drop(first);
        assert!(plugin.logged("a client is gone after 2 logins"));
    }
}
