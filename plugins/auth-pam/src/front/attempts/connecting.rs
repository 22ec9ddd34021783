//! Clients that connect: first the session of one is opened, then its options are put together, and only then OpenVPN may let
//! it in. Both are asked for under one number, one after the other.

use ovpn_plugin::ClientConfig;

use super::Attempts;
use crate::front::grace::AttemptKind;
use crate::front::line_tail::LineTail;
use crate::protocol::Request;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::client_options_request::ClientOptionsRequest;
use crate::protocol::session::{CloseReason, Usage};
use crate::protocol::verdict::Verdict;
use crate::quoted::shown;

/// What is still to come for a client, and what is there.
#[derive(Debug)]
pub struct Connecting {
    /// The attempt whose session is about to be opened.
    pub opens: Option<u64>,
    /// The one whose session is open: it is closed if the client is refused all the same.
    opened: Option<u64>,
    /// The options that are to be asked for.
    pub wanted: Option<(ClientOptionsRequest, AttemptOrigin)>,
    /// The options that are known.
    pub config: ClientConfig,
    /// Others, as far as they have come.
    text: Vec<u8>,
    /// The end of a line of the log.
    tail: LineTail,
}

/// What follows from a verdict.
#[derive(Debug)]
pub enum Step {
    /// There is something else to wait for.
    GoesOn,
    /// The client may connect, with these options.
    Done(ClientConfig),
    /// It may not.
    Refused,
}

impl Connecting {
    /// Nothing is to come; `tail` ends lines of the log about it.
    pub fn new(tail: LineTail) -> Self {
        let config = ClientConfig::default();
        Connecting { opens: None, opened: None, wanted: None, config, text: Vec::new(), tail }
    }
}

impl Attempts {
    /// A piece of a client's options.
    pub(super) fn add_options(&mut self, id: u64, part: &[u8]) {
        if let Some(connecting) = self.connecting.get_mut(&id) {
            connecting.text.extend_from_slice(part);
        }
    }

    /// The supervisor has said this about a client that connects.
    pub fn go_on(&mut self, id: u64, verdict: &Verdict) -> Step {
        let Some(mut connecting) = self.connecting.remove(&id) else { return Step::Refused };
        if !matches!(verdict, Verdict::Accepted { .. }) {
            if let Some(attempt) = connecting.opens {
                self.sessions.remove(&attempt);
            }
            self.close_again(&connecting);
            return Step::Refused;
        }
        connecting.opened = connecting.opens.take().or(connecting.opened);
        let Some((wanted, origin)) = connecting.wanted.take() else { return self.let_in(connecting) };
        let user = shown(&wanted.username);
        let sent = match &mut self.supervisor {
            Some(supervisor) => supervisor
                .try_send(Request::Options { id, wanted, origin })
                .map_err(|error| lines::refusals::supervisor_unreachable(error).to_string()),
            None => Err(lines::refusals::supervisor_gone().to_string()),
        };
        match sent {
            Ok(()) => {
                self.connecting.insert(id, connecting);
                Step::GoesOn
            }
            Err(why) => {
                self.after_unlock
                    .lines
                    .push(lines::clients::refused(&user, why, &connecting.tail).unlogged());
                self.close_again(&connecting);
                Step::Refused
            }
        }
    }

    /// All is there.
    fn let_in(&mut self, mut connecting: Connecting) -> Step {
        let mut config = std::mem::take(&mut connecting.config);
        let text = String::from_utf8_lossy(&connecting.text);
        for line in text.lines() {
            if let Err(error) = config.option(line) {
                self.after_unlock.lines.push(lines::clients::bad_option(error, &connecting.tail).unlogged());
                self.close_again(&connecting);
                return Step::Refused;
            }
        }
        Step::Done(config)
    }

    /// The client is refused although its session is open.
    fn close_again(&mut self, connecting: &Connecting) {
        if let Some(attempt) = connecting.opened.filter(|attempt| self.sessions.remove(attempt)) {
            let usage = Usage::unknown(CloseReason::NotConnected);
            if let Some(supervisor) = &mut self.supervisor {
                let _ = supervisor.try_send(Request::Close { attempt, usage });
            }
        }
    }

    /// What is asked for about this client.
    pub fn kind_of_connect(&self, id: u64) -> AttemptKind {
        let opens = self.connecting.get(&id).is_some_and(|connecting| connecting.opens.is_some());
        if opens { AttemptKind::Session } else { AttemptKind::Options }
    }

    /// Nobody waits for this client any more.
    pub fn forget_connect(&mut self, id: u64) {
        if let Some(connecting) = self.connecting.remove(&id) {
            self.close_again(&connecting);
        }
        self.cancel(id);
    }
}
