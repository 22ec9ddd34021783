//! The variables of a server, a client of it or a client, from event to event.

use ovpn_plugin::testing::{TEMPORARY, new_with};

use crate::Call;

/// The environment of a server, a client of it or a client: what was set once stays for later events.
#[derive(Clone, Default)]
pub(crate) struct Environment(Call);

impl Environment {
    /// The event with everything that was set before, and what is new with it. What it has itself counts.
    pub(crate) fn dress(&mut self, call: Call) -> Call {
        let new = new_with(call.event);
        let call = new
            .iter()
            .filter(|(name, _)| !call.has_env(name))
            .collect::<Vec<_>>()
            .into_iter()
            .fold(call, |call, (name, value)| call.env(name, value));
        let call = call.with_env_of(&self.0);
        self.0 = TEMPORARY.iter().fold(call.clone(), |kept, name| kept.without_env(name));
        call
    }
}
